// Opens pages, wide and light, narrow and dark, and has axe look at them.
// Usage: node look.cjs PAGE…
"use strict";

const path = require("node:path");
const { WAYS, launch, open, accuse } = require("./browser.cjs");

async function main() {
  const browser = await launch();
  const problems = [];
  for (const file of process.argv.slice(2)) {
    for (const way of WAYS) {
      const complain = (what) => problems.push(`${path.basename(file)}, ${way.name}: ${what}`);
      const page = await open(browser, `file://${path.resolve(file)}`, way, complain);
      await accuse(page, complain);
      await page.close();
    }
  }
  await browser.close();
  for (const problem of problems) console.error(`pages: ${problem}`);
  process.exit(problems.length > 0 ? 1 : 0);
}

main();
