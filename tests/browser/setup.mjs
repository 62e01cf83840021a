// From the server's one-time link over GitHub's page to a registered App, in light and dark and on a telephone.
import assert from "node:assert/strict";
import { fits, given, isAccessible, noComplaints, open, scenario, shot } from "./open.mjs";

await scenario(async () => {
  const page = await open(null, { colorScheme: given.look === "dark" ? "dark" : "light", ...(given.look === "narrow" ? { viewport: { width: 390, height: 844 } } : {}) });
  await page.context().addCookies([{ name: "acting_as", value: "olivia", url: given.github }]);
  await page.goto(given.link);
  assert.equal(new URL(page.url()).search, "", "the secret leaves the address");
  const look = async (name) => {
    await shot(page, `${name}-${given.look}`);
    await isAccessible(page, name);
    await fits(page, name);
  };
  await page.getByRole("heading", { name: "Register the GitHub App" }).waitFor();
  await look("setup");
  await page.getByLabel("The organisation’s name on GitHub").fill("acme");
  await page.getByLabel("Name", { exact: true }).fill("Producer of ACME");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "On to GitHub" }).waitFor();
  await look("setup-send");
  await page.getByRole("button", { name: "Create it on GitHub" }).click();
  await page.getByRole("button", { name: /Create GitHub App/ }).click();
  await page.getByRole("heading", { name: "Producer of ACME is registered" }).waitFor();
  await look("setup-done");
  page.complaints = page.complaints.filter((said) => !said.includes(given.github));
  noComplaints(page);
});
