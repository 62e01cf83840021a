//! Every name, right and wrong.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use secrecy::ExposeSecret as _;

use super::*;

/// An RSA key of this run alone, as a PEM.
static KEY: LazyLock<String> = LazyLock::new(|| {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n")
});

fn load<const N: usize>(pairs: [(&str, &str); N]) -> Result<Config, Vec<Fault>> {
    Config::from_environment(&pairs.into_iter().collect())
}

fn faults<const N: usize>(pairs: [(&str, &str); N]) -> String {
    listed(&load(pairs).unwrap_err())
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().fold(String::new(), |mut text, fault| {
        writeln!(text, "{fault}").unwrap();
        text
    })
}

#[test]
fn nothing_set_gives_the_contracts_defaults() {
    let config = load([]).unwrap();
    assert!(config.database_url.is_none() && config.redis_url.is_none());
    assert_eq!(config.listen_addr.to_string(), "127.0.0.1:8080");
    assert_eq!(config.github.mode, AppMode::App);
    assert_eq!(config.github.api_url.as_str(), "https://api.github.com/");
    assert_eq!(config.ai.provider, Provider::None);
    assert_eq!(config.ai.cache_ttl, Duration::from_hours(1));
    assert_eq!(config.ai.availability_ttl, Duration::from_mins(5));
    assert_eq!(config.ai.timeout, Duration::from_mins(1));
    assert_eq!(config.bot.mention, Mention::usual());
    assert_eq!(config.bot.rate_limit_per_minute, 30);
    assert_eq!(config.bot.max_issues_per_run, 100);
    assert!(config.bot.content_filtering && config.bot.prohibited_keywords.is_none());
    assert_eq!(config.bot.confirmation_threshold, 50);
    assert_eq!(config.bot.minimum_role.as_str(), "write");
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn every_fault_is_named_at_once_with_what_would_be_right() {
    insta::assert_snapshot!(faults([
        ("DATABASE_URL", "mysql://root:hunter2@db/x"),
        ("REDIS_URL", "localhost"),
        ("LISTEN_ADDR", ":8080"),
        ("PUBLIC_URL", "bot.example.org"),
        ("ENCRYPTION_KEY", "hunter2hunter2"),
        ("LOG_FORMAT", "jsn"),
        ("RUST_LOG", "info,openproducer=lots"),
        ("GITHUB_APP_MODE", "apps"),
        ("GITHUB_APP_ID", "Iv23abc"),
        ("GITHUB_PRIVATE_KEY", "hunter2"),
        ("GITHUB_PRIVATE_KEY_PATH", "/nowhere/key.pem"),
        ("GITHUB_API_URL", "ftp://github.com"),
        ("OPENAI_PROVIDER", "ANTROPIC"),
        ("OPENAI_TEMPERATURE", "hot"),
        ("GEMINI_MAX_TOKENS", "0"),
        ("AI_TIMEOUT_SECONDS", "-1"),
        ("BOT_MENTION", "@two words"),
        ("BOT_RUN_RATE_LIMIT_PER_MINUTE", "81"),
        ("BOT_MAX_ISSUES_PER_RUN", "0"),
        ("BOT_ENABLE_CONTENT_FILTERING", "maybe"),
        ("BOT_PROHIBITED_KEYWORDS", "[\"a\", 1]"),
        ("BOT_REQUIRE_CONFIRMATION_THRESHOLD", "many"),
        ("BOT_MINIMUM_ROLE", "wirte"),
    ]), @r#"
        DATABASE_URL: must be an address such as postgres://user:password@host:5432/openproducer
        REDIS_URL: must be an address such as redis://host:6379/0 (relative URL without a base)
        LISTEN_ADDR is ":8080": must be an IP address and a port; did you mean 127.0.0.1:8080, or 0.0.0.0:8080 for every network?
        PUBLIC_URL is "bot.example.org": must be an address that begins with http:// or https:// (relative URL without a base)
        ENCRYPTION_KEY: must be 32 bytes as base64 or hex; `openssl rand -base64 32` makes one (this is neither base64 nor hex)
        LOG_FORMAT is "jsn": must be text or json; did you mean json?
        RUST_LOG is "info,openproducer=lots": must be a filter such as info,openproducer=debug (error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5)
        GITHUB_APP_MODE is "apps": must be app or token; did you mean app?
        GITHUB_APP_ID is "Iv23abc": must be the App's number, on its settings page under App ID (the Client ID is another thing)
        GITHUB_PRIVATE_KEY: must be a PEM ("-----BEGIN RSA PRIVATE KEY-----" …), also with \n for line ends, or its base64
        GITHUB_PRIVATE_KEY_PATH is "/nowhere/key.pem": cannot be read: No such file or directory (os error 2)
        GITHUB_API_URL is "ftp://github.com": must be an address that begins with http:// or https://
        OPENAI_TEMPERATURE is "hot": must be a number from 0 to 2
        GEMINI_MAX_TOKENS is "0": must be a whole number from 1 to 1000000
        OPENAI_PROVIDER is "ANTROPIC": must be OPENAI, GEMINI, ZAI, ANTHROPIC, CUSTOM or NONE; did you mean ANTHROPIC?
        AI_TIMEOUT_SECONDS is "-1": must be a whole number from 1 to 31622400
        BOT_MENTION is "@two words": must be @ and a name of letters, digits and hyphens, such as @TheOpenProducerBot
        BOT_RUN_RATE_LIMIT_PER_MINUTE is "81": must be a whole number from 1 to 80
        BOT_MAX_ISSUES_PER_RUN is "0": must be a whole number, 1 or more
        BOT_ENABLE_CONTENT_FILTERING is "maybe": must be true or false (yes/no, on/off, 1/0)
        BOT_PROHIBITED_KEYWORDS is "["a", 1]": must be a JSON array of strings, or a list with commas between (invalid type: integer `1`, expected a string at line 1 column 7)
        BOT_REQUIRE_CONFIRMATION_THRESHOLD is "many": must be a whole number, 0 or more
        BOT_MINIMUM_ROLE is "wirte": must be read, triage, write, maintain or admin; did you mean write?
        "#);
}

#[test]
fn serve_names_what_is_missing_and_how_to_get_it() {
    let missing = |pairs: &[(&str, &str)]| {
        listed(&Config::for_serve_from(&pairs.iter().copied().collect()).unwrap_err())
    };
    insta::assert_snapshot!(missing(&[("GITHUB_CLIENT_ID", "Iv1.a")]), @r"
        GITHUB_APP_ID: is not set; it is the number under App ID on the App's settings page
        GITHUB_PRIVATE_KEY: is not set, nor is GITHUB_PRIVATE_KEY_PATH; the App's settings page makes a key under Private keys
        GITHUB_WEBHOOK_SECRET: is not set, and without it anybody could send deliveries; make one with `openssl rand -hex 32` and enter the same in the App's settings under Webhook, Secret
        ");
    insta::assert_snapshot!(missing(&[("GITHUB_APP_ID", "42"), ("GITHUB_PRIVATE_KEY", &KEY)]), @r"
        GITHUB_WEBHOOK_SECRET: is not set, and without it anybody could send deliveries; make one with `openssl rand -hex 32` and enter the same in the App's settings under Webhook, Secret
        ");
    insta::assert_snapshot!(missing(&[("GITHUB_APP_MODE", "token"), ("GITHUB_WEBHOOK_SECRET", "s")]), @r"
        GITHUB_APP_MODE: is token, which is for process, status and rollback; serve takes deliveries in, and only an App gets webhooks: set GITHUB_APP_MODE=app with GITHUB_APP_ID, GITHUB_PRIVATE_KEY and GITHUB_WEBHOOK_SECRET
        ");
    let config = load([]).unwrap();
    insta::assert_snapshot!(listed(&config.credentials().unwrap_err()), @"
        GITHUB_APP_ID: is not set; it is the number under App ID on the App's settings page
        GITHUB_PRIVATE_KEY: is not set, nor is GITHUB_PRIVATE_KEY_PATH; the App's settings page makes a key under Private keys
        GITHUB_APP_MODE: is app; to act as yourself, set it to token and GITHUB_TOKEN to a token that may read and write issues; for the App of a server's setup page, set DATABASE_URL and ENCRYPTION_KEY as that server has them
        ");
    let config = load([("GITHUB_APP_MODE", "token")]).unwrap();
    insta::assert_snapshot!(listed(&config.credentials().unwrap_err()), @r"
        GITHUB_TOKEN: is not set; GITHUB_APP_MODE=token needs a token that may read and write issues
        ");
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    insta::assert_snapshot!(missing(&[("GITHUB_APP_ID", "x"), ("GITHUB_PRIVATE_KEY_PATH", "/nowhere"), ("GITHUB_WEBHOOK_SECRET", "s")]), @r#"
        GITHUB_APP_ID is "x": must be the App's number, on its settings page under App ID (the Client ID is another thing)
        GITHUB_PRIVATE_KEY_PATH is "/nowhere": cannot be read: No such file or directory (os error 2)
        "#);
}

#[test]
fn serve_gets_its_credentials() {
    let pairs = [
        ("GITHUB_APP_ID", "42"),
        ("GITHUB_PRIVATE_KEY", &KEY),
        ("GITHUB_WEBHOOK_SECRET", "s"),
    ];
    let (_, needs) = Config::for_serve_from(&pairs.into_iter().collect()).unwrap();
    let needs = needs.unwrap();
    assert!(matches!(needs.credentials, Credentials::App { id: 42, .. }));
    assert_eq!(needs.webhook_secret.expose_secret(), "s");
}

#[test]
fn without_an_app_it_is_set_up_and_needs_a_key_where_the_database_is_elsewhere() {
    let (config, needs) = Config::for_serve_from(&Environment::default()).unwrap();
    assert!(needs.is_none() && !config.names_an_app());
    assert!(config.for_worker().unwrap().is_none());
    let elsewhere = ("DATABASE_URL", "postgres://me@db/op");
    let faults = Config::for_serve_from(&[elsewhere].into_iter().collect()).unwrap_err();
    insta::assert_snapshot!(listed(&faults), @r"
        ENCRYPTION_KEY: is not set, and the credentials of the App that is registered on the setup page have to be kept under it; make one with `openssl rand -base64 32`, keep it apart from the database, and give the same to every server and worker (or set GITHUB_APP_ID, GITHUB_PRIVATE_KEY and GITHUB_WEBHOOK_SECRET of an App that is there)
        ");
    let key = "ab".repeat(32);
    let with_key = [elsewhere, ("ENCRYPTION_KEY", key.as_str())];
    let (_, needs) = Config::for_serve_from(&with_key.into_iter().collect()).unwrap();
    assert!(needs.is_none());
}

#[test]
fn private_key_is_taken_in_every_form_and_from_a_file() {
    let escaped = KEY.replace('\n', "\\n");
    let base64 = base64::engine::general_purpose::STANDARD.encode(&*KEY);
    for form in [&*KEY, &escaped, &base64] {
        let config = load([("GITHUB_PRIVATE_KEY", form)]).unwrap();
        let pem = config.github.private_key.unwrap();
        assert_eq!(pem.expose_secret().trim(), KEY.trim());
    }
    let file = std::env::temp_dir().join(format!("openproducer-{}.pem", std::process::id()));
    std::fs::write(&file, &*KEY).unwrap();
    let path = file.to_str().unwrap();
    assert!(
        load([("GITHUB_PRIVATE_KEY_PATH", path)])
            .unwrap()
            .github
            .private_key
            .is_some()
    );
    insta::assert_snapshot!(faults([("GITHUB_PRIVATE_KEY", &KEY), ("GITHUB_PRIVATE_KEY_PATH", path)]), @r"
        GITHUB_PRIVATE_KEY: is set, and GITHUB_PRIVATE_KEY_PATH as well; keep one of them
        ");
    std::fs::remove_file(&file).unwrap();
    let broken = KEY.replacen("MII", "AAA", 1);
    insta::assert_snapshot!(faults([("GITHUB_PRIVATE_KEY", &broken)]), @r"
        GITHUB_PRIVATE_KEY: is not an RSA private key; download one on the App's settings page, Private keys
        ");
}

#[test]
fn encryption_key_is_taken_as_hex_and_as_base64() {
    let bytes = [7; 32];
    let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
    for form in [hex::encode(bytes), base64] {
        let key = load([("ENCRYPTION_KEY", &form)])
            .unwrap()
            .encryption_key
            .unwrap();
        assert_eq!(key.expose(), &bytes);
    }
}

#[test]
fn booleans_and_words_are_taken_in_every_form() {
    for (text, value) in [
        ("TRUE", true),
        ("yes", true),
        ("On", true),
        ("1", true),
        ("false", false),
        ("no", false),
        ("off", false),
        ("0", false),
    ] {
        assert_eq!(
            load([("BOT_ENABLE_CONTENT_FILTERING", text)])
                .unwrap()
                .bot
                .content_filtering,
            value
        );
    }
    let config = load([
        ("OPENAI_PROVIDER", "gemini"),
        ("GEMINI_API_KEY", "k"),
        ("BOT_MENTION", "my-bot"),
        ("BOT_PROHIBITED_KEYWORDS", " malware, stolen credentials ,,"),
        ("BOT_MINIMUM_ROLE", "Maintain"),
    ])
    .unwrap();
    assert_eq!(config.ai.provider, Provider::Gemini);
    assert_eq!(config.bot.mention, Mention::chosen("my-bot"));
    assert_eq!(
        config.bot.prohibited_keywords.unwrap(),
        ["malware", "stolen credentials"]
    );
    assert_eq!(config.bot.minimum_role, Role::Maintain);
}

#[test]
fn provider_follows_the_key_that_is_set() {
    assert_eq!(
        load([("OPENAI_API_KEY", "k")]).unwrap().ai.provider,
        Provider::OpenAi
    );
    assert_eq!(
        load([("GEMINI_API_KEY", "k")]).unwrap().ai.provider,
        Provider::Gemini
    );
    let config = load([("OPENAI_PROVIDER", "ANTHROPIC")]).unwrap();
    assert_eq!(
        config.warnings.len(),
        1,
        "a provider without its key: {:?}",
        config.warnings
    );
    insta::assert_snapshot!(faults([("OPENAI_PROVIDER", "CUSTOM")]), @r"
        OPENAI_API_BASE_URL: is not set; OPENAI_PROVIDER=CUSTOM needs it
        OPENAI_MODEL: is not set; OPENAI_PROVIDER=CUSTOM needs it
        ");
    insta::assert_snapshot!(faults([
        ("OPENAI_PROVIDER", "CUSTOM"), ("OPENAI_MODEL", "m"), ("OPENAI_API_BASE_URL", "https://me:hush@llm.example.org/v1"),
    ]), @r#"
        OPENAI_API_BASE_URL is "https://me:hidden@llm.example.org/v1": must not hold a user name or a password
        "#);
}

#[test]
fn slips_in_names_are_warned_about_and_strangers_names_are_not() {
    let config = load([
        ("BOT_MAX_ISSUE_PER_RUN", "7"),
        ("AI_TIMEOUT", "7"),
        ("GITHUB_SHA", "abc"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_ACTIONS", "true"),
        ("DATABSE_URL", "postgres://localhost/op"),
        ("POSTGRES_PASSWORD", "x"),
    ])
    .unwrap();
    insta::assert_snapshot!(config.warnings.join("\n"), @r"
        AI_TIMEOUT is not known and does nothing; did you mean AI_TIMEOUT_SECONDS?
        BOT_MAX_ISSUE_PER_RUN is not known and does nothing; did you mean BOT_MAX_ISSUES_PER_RUN?
        DATABSE_URL is not known and does nothing; did you mean DATABASE_URL?
        ");
}

#[test]
fn real_environment_wins_over_the_file_and_the_origin_is_told() {
    let file = std::env::temp_dir().join(format!("openproducer-{}.env", std::process::id()));
    std::fs::write(
        &file,
        "BOT_MENTION=@from-file\nBOT_MINIMUM_ROLE='admin' # the highest\nBOT_SPEED=9\n",
    )
    .unwrap();
    let mut environment: Environment = [("BOT_MENTION", "@from-outside"), ("BOT_MINIMUM_ROLE", "")]
        .into_iter()
        .collect();
    environment.add_file(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let config = Config::from_environment(&environment).unwrap();
    assert_eq!(config.bot.mention, Mention::chosen("from-outside"));
    assert_eq!(config.warnings, ["BOT_SPEED is not known and does nothing"]);
    let setting = |name| {
        config
            .settings
            .iter()
            .find(|s| s.name == name)
            .unwrap()
            .clone()
    };
    assert_eq!(setting("BOT_MENTION").origin, Origin::Environment);
    assert_eq!(setting("LISTEN_ADDR").origin, Origin::Default);
}

#[test]
fn file_with_a_bad_line_is_a_fault_that_repeats_no_secret() {
    let file = std::env::temp_dir().join(format!("openproducer-bad-{}.env", std::process::id()));
    std::fs::write(&file, "A=1\nGITHUB_TOKEN=ghp_secret and more\n").unwrap();
    let fault = Environment::default()
        .add_file(&file)
        .unwrap_err()
        .to_string();
    std::fs::remove_file(&file).unwrap();
    assert!(
        fault.contains("line 2") && !fault.contains("ghp_secret"),
        "{fault}"
    );
    Environment::default()
        .add_file(&file)
        .expect("a file that is not there is none");
}

#[test]
fn secrets_are_neither_printed_nor_listed() {
    let environment: Environment = [
        ("DATABASE_URL", "postgres://me:hunter2@db/op"),
        ("REDIS_URL", "redis://:hunter2@cache/"),
        ("GITHUB_TOKEN", "hunter2"),
        ("GITHUB_WEBHOOK_SECRET", "hunter2"),
        ("GITHUB_MARKETPLACE_WEBHOOK_SECRET", "hunter2"),
        ("GITHUB_CLIENT_SECRET", "hunter2"),
        ("OPENAI_API_KEY", "hunter2"),
        ("GEMINI_API_KEY", "hunter2"),
    ]
    .into_iter()
    .collect();
    let config = Config::from_environment(&environment).unwrap();
    let printed = format!(
        "{config:?} {environment:?} {}",
        serde_json::to_string(&config.settings).unwrap()
    );
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("postgres://me:hidden@db/op"), "{printed}");
}

#[test]
fn example_file_names_every_variable_and_no_other() {
    let example = include_str!("../../.env.example");
    let named: Vec<&str> = example
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .collect();
    let known: Vec<&str> = NAMES.iter().map(|entry| entry.name).collect();
    assert_eq!(named, known);
}

#[test]
fn the_server_s_own_address_ends_with_its_host() {
    for (given, is_right) in [
        ("https://bot.example.org", true),
        ("https://bot.example.org/", true),
        ("http://localhost:8080", true),
        ("https://bot.example.org/producer", false),
        ("https://bot.example.org/?a=b", false),
        ("https://bot.example.org/#top", false),
    ] {
        let loaded = load([("PUBLIC_URL", given)]);
        let said = loaded.map_or_else(|faults| listed(&faults), |_| String::new());
        let complains = said.contains(
            "must be the server's own address and nothing behind it, such as https://bot.example.org",
        );
        assert_eq!(!complains, is_right, "{given}: {said}");
    }
}
