// What checks of pages have in common: a headless chromium, the two ways in which each page is looked at, and the
// complaints that any page can earn.

const fs = require("node:fs");
const { chromium } = require("playwright-core");

const WAYS = [
  { name: "wide, light", colorScheme: "light", viewport: { width: 1400, height: 1000 } },
  { name: "narrow, dark", colorScheme: "dark", viewport: { width: 390, height: 844 } },
];

const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
});

/** Opens a page, which may ask for what lies below `root` alone, says nothing to the console and fits into the window. */
async function open(browser, address, way, complain, root = address.split("#")[0]) {
  // The policy of the page lets no foreign script in, and axe is one.
  const page = await browser.newPage({ bypassCSP: true, colorScheme: way.colorScheme, viewport: way.viewport });
  page.on("console", (message) => complain(`the console says ${message.text()}`));
  page.on("pageerror", (error) => complain(String(error)));
  page.on("requestfailed", (request) => complain(`${request.url()} is missing`));
  page.on("request", (request) => request.url().startsWith(root) || complain(`it asks for ${request.url()}`));
  await page.goto(address);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (over > 0) complain(`it is ${over} pixels too wide`);
  return page;
}

/** Has axe look at a page as it stands; says how many of its rules apply. */
async function accuse(page, complain) {
  // What is out of sight is laid out all the same: axe asks what lies over what.
  await page.addStyleTag({ content: "* { content-visibility: visible !important; }" });
  await page.evaluate(fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], preload: false }));
  for (const one of found.violations) {
    complain(`${one.id}: ${one.nodes[0].failureSummary}: ${one.nodes[0].html.slice(0, 200)}`);
  }
  return found.passes.length;
}

/** Opens all that is folded away, and what comes to light by that. */
const unfold = (page) => page.evaluate(async () => {
  for (let closed; (closed = [...document.querySelectorAll("details:not([open])")]).length > 0;) {
    for (const one of closed) one.open = true;
    // The page reads the body of a case when it hears that it was opened.
    await new Promise((done) => setTimeout(done));
  }
});

module.exports = { WAYS, launch, open, accuse, unfold };
