// Checks pages of the documentation in a headless chromium: axe has nothing against them, wide and narrow, light and
// dark; nothing runs over the edge; nothing is loaded from elsewhere. Usage: node check-docs.cjs FOLDER [PICTURES]

const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { WAYS, launch, open, accuse, unfold } = require("./browser.cjs");

const [folder, pictures] = process.argv.slice(2);
const root = pathToFileURL(path.resolve(folder)).href;
const problems = [];

/** One page of each kind. */
const PAGES = [
  "index.html", "start-server.html", "policy.html", "cases/index.html", "cases/server/host.html",
  "requirements/rfc8441.html", "living.html", "faults/client.html", "commands/run.html", "formats/report-json.html",
];

async function check(browser, name, way) {
  const complain = (words) => problems.push(`${name} (${way.name}): ${words}`);
  const page = await open(browser, `${root}/${name}`, way, complain, root);
  const picture = `${name}-${way.name}.png`.replaceAll(/[/, ]+/g, "-");
  if (pictures) await page.screenshot({ path: path.join(pictures, picture) });
  await unfold(page);
  await accuse(page, complain);
  await page.close();
}

async function main() {
  const browser = await launch();
  for (const name of PAGES) await Promise.all(WAYS.map((way) => check(browser, name, way)));
  await browser.close();
  for (const problem of problems) console.error(`docs: ${problem}`);
  if (problems.length === 0) console.log(`docs: axe has nothing against ${PAGES.length} pages, wide and narrow`);
  process.exit(problems.length > 0 ? 1 : 0);
}

main();
