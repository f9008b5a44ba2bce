// Checks the reports in a folder: JSON by the schemas, TAP by a parser, what the SARIF multitool said, and the pages
// by axe in a headless chromium, wide and narrow, light and dark; the matrix is for drive-matrix.cjs. Usage: node check.cjs FOLDER

const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const { pathToFileURL } = require("node:url");
const { WAYS, launch, open, accuse, unfold } = require("./browser.cjs");

const folder = process.argv[2];
const file = (name) => path.join(folder, name);
const text = (name) => fs.readFileSync(file(name), "utf8");
const json = (name) => JSON.parse(text(name));
const problems = [];

/** Says that something is in order, unless it is not. */
let told = 0;
const say = (words) => {
  if (problems.length === told) console.log(`formats: ${words}`);
  told = problems.length;
};

function checkSchemas() {
  const Ajv = require("ajv/dist/2020");
  const rows = {
    "schema.json": ["faulty.json", "other.json", "hostile.json"],
    "comparison-schema.json": ["comparison.json"],
    "diff-schema.json": ["diff.json"],
    "matrix-schema.json": ["matrix.json"],
  };
  for (const [schema, reports] of Object.entries(rows)) {
    // The numbers of Rust have formats of their own.
    const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
    require("ajv-formats")(ajv);
    const validate = ajv.compile(JSON.parse(fs.readFileSync(path.join("reports", schema), "utf8")));
    for (const report of reports) {
      if (!validate(json(report))) {
        problems.push(`${report} by ${schema}: ${ajv.errorsText(validate.errors.slice(0, 5))}`);
      }
    }
  }
  say("JSON is valid by the schemas in reports/");
}

function checkTap() {
  const { Parser } = require("tap-parser");
  for (const name of ["faulty", "other", "hostile"]) {
    const parser = new Parser();
    const extra = [];
    parser.on("extra", (line) => extra.push(line));
    parser.end(text(`${name}.tap`));
    const { count, plan, failures } = parser.results;
    const total = json(`${name}.json`).cases.length;
    const misread = failures.filter((one) => one.tapError);
    if (count !== total || plan.end !== total || extra.length > 0 || misread.length > 0) {
      const why = misread.map((one) => one.tapError).concat(extra).slice(0, 3).join("; ");
      problems.push(`${name}.tap: ${count} tests of ${total} are read: ${why}`);
    }
  }
  say("TAP is read whole");
}

/** What the multitool may remark: that the tool says no address where more is to be read. There is none yet. */
const WISHES = new Set(["SARIF2005"]);

function checkSarif() {
  for (const name of ["faulty", "other", "hostile"]) {
    const results = json(`${name}.validation`).runs.flatMap((run) => run.results ?? []);
    for (const result of results.filter((one) => one.level === "error" || !WISHES.has(one.ruleId))) {
      problems.push(`${name}.sarif: ${result.ruleId}: ${JSON.stringify(result.message).slice(0, 300)}`);
    }
  }
  say("SARIF is valid by the multitool");
}

/** What GitLab asks of code quality, and a badge of its endpoint. */
function checkSmall() {
  const severities = ["info", "minor", "major", "critical", "blocker"];
  for (const name of ["faulty", "other", "hostile"]) {
    const issues = json(`${name}.gitlab.json`);
    const prints = new Set(issues.map((issue) => issue.fingerprint));
    const isGood = (issue) =>
      issue.description && issue.check_name && severities.includes(issue.severity) &&
      issue.location?.path && !issue.location.path.startsWith("/") && issue.location.lines?.begin >= 1;
    if (!issues.every(isGood) || prints.size !== issues.length) {
      problems.push(`${name}.gitlab.json: an issue lacks a field, or two are one`);
    }
    const { schemaVersion, label, message } = json(`${name}.shields.json`);
    if (schemaVersion !== 1 || !label || !message) problems.push(`${name}.shields.json`);
    for (const line of text(`${name}.github`).trim().split("\n")) {
      if (!/^::(error|warning|notice) [^:]*::\S/.test(line)) problems.push(`${name}.github: ${line.slice(0, 120)}`);
    }
  }
  say("code quality, badge endpoints and annotations have their fields");
}

/** Opens a failing case, and has the program that the page writes of it fail, too: the server is still there. */
async function drivePrograms(browser) {
  const complain = (words) => problems.push(`other.html: ${words}`);
  const page = await open(browser, pathToFileURL(path.resolve(file("other.html"))).href, WAYS[0], complain);
  await page.locator("button[name=open]").click();
  const failing = page.locator('.case[data-verdict="fail"]:has(.program)').first();
  await failing.locator(".program > summary").click();
  const id = await failing.getAttribute("id");
  for (const [language, command, name] of [["Node", "node", "program.cjs"], ["Python", "python3", "program.py"], ["Shell", "bash", "program.sh"]]) {
    await failing.locator(".program button", { hasText: language }).click();
    fs.writeFileSync(file(name), await failing.locator(".program pre").textContent());
    const { status } = spawnSync(command, [file(name)], { timeout: 30_000 });
    if (status !== 1) complain(`${id} in ${language} ends with ${status}, and not with 1`);
  }
  await page.close();
  say("programs of a failing case fail");
}

/** Bodies of closed cases are text until they are opened: by hand, by an address, and all of them where no script runs. */
async function driveCases(browser) {
  const complain = (words) => problems.push(`other.html: ${words}`);
  const address = pathToFileURL(path.resolve(file("other.html"))).href;
  const page = await open(browser, address, WAYS[0], complain);
  const opened = () => page.locator(".case > .body").count();
  if ((await opened()) > 0) complain("a closed case is read before it is opened");
  const first = page.locator(".case").first();
  await page.fill("[name=text]", "Sec-WebSocket-Accept: ");
  if (!/^[1-9]/.test(await page.locator("output").textContent())) complain("octets of closed cases are not found");
  await page.fill("[name=text]", "");
  await first.locator(":scope > summary").focus();
  await page.keyboard.press("Enter");
  await first.locator(".wire").first().waitFor();
  const id = await page.locator(".case").last().getAttribute("id");
  await page.evaluate((id) => { location.hash = id; }, id);
  await page.locator(".case").last().locator(":scope > .body").waitFor();
  if ((await opened()) !== 2) complain("more cases are read than were opened");
  await page.close();
  const context = await browser.newContext({ javaScriptEnabled: false });
  const still = await context.newPage();
  await still.goto(address);
  if ((await still.locator(".case").count()) !== (await still.locator(".case .body").count())) {
    complain("without scripts a case has no body");
  }
  await context.close();
  say("cases open by key and by address, and without scripts");
}

async function checkPage(browser, name, way) {
  const complain = (words) => problems.push(`${name} (${way.name}): ${words}`);
  const page = await open(browser, pathToFileURL(path.resolve(file(name))).href, way, complain);
  // What is folded away is looked at, too, on the pages that are small enough for it.
  if (fs.statSync(file(name)).size < 1_000_000) await unfold(page);
  const rules = await accuse(page, complain);
  await page.close();
  return rules;
}

async function checkPages() {
  const browser = await launch();
  // A page with many failures takes half a minute, and the first is as the second.
  const pages = ["other.html", "hostile.html", "diff.html", "living.html"];
  let rules = 0;
  for (const name of pages) [rules] = await Promise.all(WAYS.map((way) => checkPage(browser, name, way)));
  await driveCases(browser);
  await drivePrograms(browser);
  await browser.close();
  say(`axe has nothing against ${pages.length} pages, wide and narrow, light and dark; ${rules} of its rules apply to the last`);
}

async function main() {
  checkSchemas();
  checkTap();
  checkSarif();
  checkSmall();
  await checkPages();
  for (const problem of problems) console.error(`formats: ${problem}`);
  process.exit(problems.length > 0 ? 1 : 0);
}

main();
