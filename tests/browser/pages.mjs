// Every page in light and dark, wide and at 390 px: accessible, within the window, without a complaint.
import { fits, given, go, isAccessible, noComplaints, open, scenario, shot } from "./open.mjs";

const looks = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  narrow: { colorScheme: "light", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

await scenario(async () => {
  for (const [look, options] of Object.entries(looks)) {
    const page = await open(given.login, options);
    for (const [name, path] of Object.entries(given.pages)) {
      await go(page, path);
      await shot(page, `${name}-${look}`);
      // Colours do not depend on the width, and what is there only on some widths is looked at on two pages.
      if (look !== "narrow" || given.narrow.includes(name)) await isAccessible(page, `${name} (${look})`);
      await fits(page, `${name} (${look})`);
    }
    // What is not there is meant not to be.
    page.complaints = page.complaints.filter((said) => !said.includes("404"));
    noComplaints(page);
  }
});
