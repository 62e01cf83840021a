//! The life of a run: asked, planned, confirmed, created, linked, summarised, rolled back.

use insta::assert_snapshot;

use crate::harness::house::house;

const SPEC: &str = "\
@TheOpenProducerBot
dry_run: true

## Login

- Add a login form with email and password
- Lock the account after five wrong passwords
- Send a mail when somebody logs in from a new device
";

#[tokio::test]
async fn confirmed_plan_becomes_issues_and_rolls_back() {
    house(async |t| {
        let trigger = t.opens("Accounts", SPEC).await;
        assert_snapshot!(t.shop().outline(), @"");
        assert_snapshot!(t.bot_comment(&trigger), @"");

        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_snapshot!(t.shop().outline(), @"");
        assert_snapshot!(t.bot_comment(&trigger), @"");

        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        assert_snapshot!(t.bot_comment(&trigger), @"");
    })
    .await;
}
