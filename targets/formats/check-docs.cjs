// Checks pages of the documentation in a headless chromium: axe has nothing against them, wide and narrow, light and
// dark; nothing runs over the edge; nothing is loaded from elsewhere. Usage: node check-docs.cjs FOLDER [PICTURES]

const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const [folder, pictures] = process.argv.slice(2);
const root = pathToFileURL(path.resolve(folder)).href;
const problems = [];

/** One page of each kind. */
const PAGES = [
  "index.html", "start-server.html", "policy.html", "cases/index.html", "cases/server/host.html",
  "requirements/rfc8441.html", "living.html", "faults/client.html", "commands/run.html", "formats/report-json.html",
];
const WAYS = [
  { name: "wide", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "narrow", colorScheme: "dark", viewport: { width: 360, height: 740 } },
];

async function check(browser, name, way, axe) {
  const page = await browser.newPage({ colorScheme: way.colorScheme, viewport: way.viewport });
  const complain = (words) => problems.push(`${name} (${way.name}, ${way.colorScheme}): ${words}`);
  page.on("request", (request) => request.url().startsWith(root) || complain(`it asks for ${request.url()}`));
  page.on("requestfailed", (request) => complain(`${request.url()} is missing`));
  page.on("console", (message) => message.type() === "error" && complain(message.text()));
  await page.goto(`${root}/${name}`);
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name.replaceAll("/", "-")}-${way.name}.png`) });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (over > 0) complain(`it is ${over} pixels too wide`);
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], preload: false }));
  for (const one of found.violations) {
    complain(`${one.id}: ${one.nodes[0].failureSummary}: ${one.nodes[0].html.slice(0, 200)}`);
  }
  await page.close();
}

async function main() {
  const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
  for (const name of PAGES) {
    for (const way of WAYS) await check(browser, name, way, axe);
  }
  await browser.close();
  for (const problem of problems) console.error(`docs: ${problem}`);
  if (problems.length === 0) console.log(`docs: axe has nothing against ${PAGES.length} pages, wide and narrow`);
  process.exit(problems.length > 0 ? 1 : 0);
}

main();
