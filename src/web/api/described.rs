//! What every request may be answered with, for the description: said once, by what the request is made of.

use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{
    Content, Header, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type,
};

/// Any request.
const ANY: [(&str, &str); 7] = [
    ("400", "It cannot be read"),
    ("401", "There is no token, or none that counts"),
    (
        "403",
        "The token lacks the scope, who made it may not do this, or the App is suspended",
    ),
    ("429", "Too many requests, or too many wrong tokens"),
    ("500", "A fault of the server"),
    (
        "503",
        "GitHub or the database does not answer, or is still being asked",
    ),
    ("504", "It was not done in time; it may be done"),
];
const NAMED: (&str, &str) = ("404", "There is none, or none that this token may know of");
const BODY: (&str, &str) = ("413", "The body is over 64 KB");
const CHANGE: (&str, &str) = ("409", "What is stands against it; `code` says what");
const SETTINGS: (&str, &str) = ("422", "`errors` says what is wrong with the settings");

/// Adds to every operation how it may be refused.
pub(super) fn refusals(description: &mut OpenApi) {
    for item in description.paths.paths.values_mut() {
        let changes = [
            (&mut item.get, false),
            (&mut item.post, true),
            (&mut item.put, true),
        ];
        for (operation, changes) in changes {
            if let Some(operation) = operation {
                describe(operation, changes);
            }
        }
    }
}

fn describe(operation: &mut Operation, changes: bool) {
    let mut all = ANY.to_vec();
    let parameters = operation.parameters.iter().flatten();
    let names_something = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => {
            matches!(parameter.parameter_in, ParameterIn::Path) || parameter.name == "repository"
        }
        RefOr::Ref(_) => false,
    };
    if parameters.into_iter().any(names_something) {
        all.push(NAMED);
    }
    if changes {
        all.extend([BODY, CHANGE]);
    }
    let is_of_settings = |tag: &String| tag == "settings";
    if changes && operation.tags.iter().flatten().any(is_of_settings) {
        all.push(SETTINGS);
    }
    for (status, says) in all {
        let known = operation.responses.responses.entry(status.to_owned());
        known.or_insert_with(|| RefOr::T(refusal(status, says)));
    }
}

fn refusal(status: &str, says: &str) -> Response {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let refusal = ResponseBuilder::new()
        .description(says)
        .content("application/problem+json", problem);
    if matches!(status, "429" | "503") {
        let seconds = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some("Seconds until it may be tried again"));
        return refusal.header("Retry-After", Header::new(seconds)).build();
    }
    refusal.build()
}
