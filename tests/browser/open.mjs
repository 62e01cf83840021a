// A browser on the pages of a running server, with everything watched that a browser complains about.
import fs from "node:fs";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

/** What the test that started us says: addresses and names. */
export const given = JSON.parse(process.env.OPENPRODUCER_BROWSER_TEST);

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox", "--disable-gpu"] });

/** A browser of somebody's own; `login: null` is signed in as nobody. */
export async function open(login, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  context.setDefaultTimeout(30000);
  const complaints = [];
  const page = await newPage(context, complaints);
  page.complaints = complaints;
  if (login) await signIn(page, login);
  return page;
}

async function newPage(context, complaints) {
  const page = await context.newPage();
  page.on("console", (said) => {
    if (["error", "warning"].includes(said.type())) complaints.push(`console: ${said.text()} (${page.url()})`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error.message} (${page.url()})`));
  return page;
}

export async function signIn(page, login) {
  await page.context().addCookies([{ name: "acting_as", value: login, url: given.github }]);
  await page.goto(`${given.home}/login`);
  assert.equal(new URL(page.url()).origin, given.home, "GitHub sends people back");
}

export const go = (page, path) => page.goto(given.home + path);

/** What a blind person, somebody with a keyboard, and a strict browser would complain about. */
export async function isAccessible(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  const told = found.violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.slice(0, 4).map((n) => n.html.slice(0, 160) + " — " + n.any.concat(n.all).map((a) => a.message).join("; ")).join("\n    ")}`);
  assert.deepEqual(told, [], `${what} is not accessible:\n  ${told.join("\n  ")}`);
}

/** No page is wider than the window. */
export async function fits(page, what) {
  const over = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1 && !e.closest(".scroll, .drawing, pre, .hidden"));
    return document.documentElement.scrollWidth > width ? wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 120)) : [];
  });
  assert.deepEqual(over, [], `${what} is wider than the window`);
}

export function noComplaints(page) {
  assert.deepEqual(page.complaints, [], "the browser complains");
}

/** Where a person has asked to see the pages: OPENPRODUCER_SHOTS names a folder. */
export async function shot(page, name, options = {}) {
  if (!given.shots) return;
  fs.mkdirSync(given.shots, { recursive: true });
  await page.screenshot({ path: `${given.shots}/${name}.png`, fullPage: true, ...options });
}

/** Runs the scenario; a failure is told with the page that it happened on. */
export async function scenario(run) {
  try {
    await run();
    console.log("all as it should be");
  } catch (error) {
    for (const context of browser.contexts()) {
      for (const page of context.pages()) {
        const text = await page.locator("body").innerText().catch(() => "");
        console.error(`--- ${page.url()}\n${text.slice(0, 3000)}`);
      }
    }
    console.error(error.stack ?? error);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}
