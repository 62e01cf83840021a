//! Signing in with GitHub, staying signed in, and ending it: by hand, by time, and by GitHub.

use crate::harness::house::house;

#[tokio::test]
async fn somebody_signs_in_and_out() {
    house(async |t| {
        let browser = t.browser();
        let away = browser.get("/logout").await;
        assert_eq!((away.status, away.header("location")), (303, "/"));

        browser.signs_in_as("alice").await;
        let page = browser.get("/logout").await;
        assert!(page.text.contains("signed in as alice"), "{page:#?}");

        let out = browser.submits(&page, "/logout", &[]).await;
        assert_eq!(out.header("location"), "/");
        assert!(browser.cookie("openproducer_session").is_none());
        let away = browser.get("/logout").await;
        assert_eq!(away.status, 303);
    })
    .await;
}
