// Settings without scripts: what is wrong is said at its field, saved, undone, a key kept; and a token is made.
import assert from "node:assert/strict";
import { fits, given, go, isAccessible, noComplaints, open, scenario, shot } from "./open.mjs";

const looks = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  narrow: { colorScheme: "light", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

/** A browser that shows the page of a refused form tells of its status. */
const refusals = (page) => page.complaints.splice(0, page.complaints.length, ...page.complaints.filter((said) => !said.includes("status of 422")));

await scenario(async () => {
  const page = await open("olivia", { javaScriptEnabled: false });
  await go(page, given.settings);
  await page.getByLabel("Most issues in a run").fill("20");
  await page.getByLabel("Labels on every issue").fill("planned\nneeds: care");
  await page.getByLabel("Who may ask").selectOption("maintain");
  await page.getByLabel("Provider", { exact: false }).first().selectOption("anthropic");
  await page.getByRole("button", { name: "Save settings" }).click();
  await page.getByText("The settings are in force").waitFor();
  assert.match(await page.locator("label[for=max_issues]").innerText(), /In force: 20, set here/);
  await page.getByLabel("Confirm plans of more than").fill("10");
  await page.getByRole("button", { name: "Save settings" }).click();
  await page.getByRole("button", { name: "Undo this change" }).click();
  await page.getByText("The settings are again as they were").waitFor();
  assert.equal(await page.getByLabel("Confirm plans of more than").inputValue(), "");
  await page.getByLabel("Key", { exact: false }).last().fill("sk-ant-0123456789abcdefghij");
  await page.getByRole("button", { name: "Keep this key" }).click();
  await page.getByText("Test whether the provider takes it").waitFor();
  noComplaints(page);

  for (const [look, options] of Object.entries(looks)) {
    const page = await open("olivia", options);
    await go(page, given.settings);
    await page.getByLabel("Components and their repositories").fill("api to nowhere");
    await page.getByRole("button", { name: "Save settings" }).click();
    await page.getByText("Nothing was saved").waitFor();
    await shot(page, `settings-wrong-${look}`);
    await isAccessible(page, `wrong settings (${look})`);
    await fits(page, `wrong settings (${look})`);
    await go(page, given.tokens);
    await page.getByLabel("Name").fill(`nightly report ${look}`);
    await page.getByLabel("See runs and plans").check();
    await page.getByRole("button", { name: "Make the token" }).click();
    assert.match(await page.getByLabel("The token").inputValue(), /^opr_/);
    await shot(page, `token-made-${look}`);
    await isAccessible(page, `a new token (${look})`);
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText(/^(Copied|Selected)/).waitFor();
    await fits(page, `a new token (${look})`);
    await page.reload();
    assert.equal(await page.getByLabel("The token").count(), 0, "it is shown once");
    assert.equal(await page.getByRole("rowheader", { name: `nightly report ${look}` }).count(), 1, "and made once");
    await page.getByRole("button", { name: `Revoke nightly report ${look}` }).click();
    await page.getByText("It counts no more").waitFor();
    refusals(page);
    noComplaints(page);
  }
});
