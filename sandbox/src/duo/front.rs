//! The way in: who asks, for what; and the answers and refusals in Duo's shapes.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as AxumState};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::model::{Phone, Standing, State, User};
use super::{Site, page, signature};
use crate::faults::Refusal;

/// Duo's number, words, and what they are about.
struct Refused(u32, &'static str, &'static str);

type Outcome = Result<Value, Refused>;

type Parameters = Vec<(String, String)>;

/// `pushinfo` must be shorter.
const LONGEST_INFO: usize = 20_000;

impl Refused {
    fn response(&self) -> Response {
        let Self(code, message, detail) = *self;
        let mut body = json!({ "stat": "FAIL", "code": code, "message": message });
        if !detail.is_empty() {
            body["message_detail"] = json!(detail);
        }
        // The status is the first three digits of the number.
        as_json(u16::try_from(code / 100).unwrap_or(500), &body)
    }
}

fn missing(name: &'static str) -> Refused {
    Refused(40001, "Missing required request parameters", name)
}

fn invalid(name: &'static str) -> Refused {
    Refused(40002, "Invalid request parameters", name)
}

/// What the faults answer in Duo's words.
pub(super) fn refusal(refusal: &Refusal) -> Response {
    let mut response = Refused(42901, "Too many requests", "").response();
    if let Refusal::RateLimited { retry_after } = refusal
        && let Ok(seconds) = retry_after.as_secs().to_string().parse()
    {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn as_json(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], Body::from(body.to_string())).into_response()
}

pub(super) async fn answer(AxumState(site): AxumState<Arc<Site>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // The layer before has bounded and buffered it; the page's own forms are small.
    let Ok(body) = to_bytes(body, 1024 * 1024).await else { return invalid("body").response() };
    if page::is_page(&parts) {
        return page::answer(&site, &parts, &body);
    }
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    if (method, path) == ("GET", "/auth/v2/ping") {
        return ok(&json!({ "time": site.clock.now().timestamp() }));
    }
    let sent = if method == "GET" { parts.uri.query().unwrap_or_default().as_bytes() } else { &body };
    let parameters: Parameters = url::form_urlencoded::parse(sent).into_owned().collect();
    let signed = signature::check(&site.state(), method, path, &parts.headers, &parameters, site.clock.now());
    if let Err((code, words)) = signed {
        return Refused(code, words, "").response();
    }
    let outcome = match (method, path) {
        ("GET", "/auth/v2/check") => Ok(json!({ "time": site.clock.now().timestamp() })),
        ("POST", "/auth/v2/preauth") => preauth(&site, &parameters),
        ("POST", "/auth/v2/auth") => auth(&site, &parameters),
        ("GET", "/auth/v2/auth_status") => status(&site, &parameters).await,
        _ => Err(Refused(40401, "Resource not found", "")),
    };
    match outcome {
        Ok(response) => ok(&response),
        Err(refused) => refused.response(),
    }
}

fn ok(response: &Value) -> Response {
    as_json(200, &json!({ "stat": "OK", "response": response }))
}

fn given<'p>(parameters: &'p Parameters, name: &str) -> Option<&'p str> {
    parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Somebody; who is not known may enrol.
fn user(state: &State, parameters: &Parameters) -> Result<User, Refused> {
    let name = given(parameters, "username").ok_or(missing("username"))?;
    Ok(state.user(name).cloned().unwrap_or_else(|| User {
        name: name.to_owned(),
        standing: Standing::NotEnrolled,
        phone: None,
        passcodes: Vec::new(),
        verified: false,
    }))
}

fn preauth(site: &Site, parameters: &Parameters) -> Outcome {
    let mut state = site.state();
    let user = user(&state, parameters)?;
    let simply = |result: &str, words: &str| json!({ "result": result, "status_msg": words });
    Ok(match user.standing {
        Standing::Bypass => simply("allow", "Account is active"),
        Standing::Disabled => simply("deny", "Account is disabled"),
        Standing::LockedOut => simply("deny", "Account is locked out"),
        Standing::NotEnrolled => {
            let mut answer = simply("enroll", "Enroll an authentication device to proceed");
            answer["enroll_portal_url"] = json!("https://duo.example/portal?code=sandbox-enrol");
            answer
        }
        Standing::Active => {
            let mut answer = simply("auth", "Account is active");
            answer["devices"] = match &user.phone {
                None => json!([]),
                Some(Phone::NoPush) => json!([device(&["mobile_otp"])]),
                Some(_) => json!([device(&["auto", "push", "sms", "phone", "mobile_otp"])]),
            };
            if user.verified && given(parameters, "client_supports_verified_push").is_some() {
                let (txid, code, until) = state.promise(&user.name, site.clock.now());
                answer["txid"] = json!(txid);
                answer["verification_code"] = json!(code);
                answer["expiration"] = json!(until.timestamp());
            }
            answer
        }
    })
}

fn device(capabilities: &[&str]) -> Value {
    json!({
        "device": "DPSANDBOX",
        "type": "phone",
        "name": "",
        "display_name": "Phone (XXX-XXX-0100)",
        "number": "XXX-XXX-0100",
        "capabilities": capabilities,
    })
}

fn auth(site: &Site, parameters: &Parameters) -> Outcome {
    let mut state = site.state();
    let user = user(&state, parameters)?;
    let asynchronous = given(parameters, "async") == Some("1");
    match given(parameters, "factor").ok_or(missing("factor"))? {
        "push" => {
            if given(parameters, "device") != Some("auto") {
                return Err(invalid("device"));
            }
            // Only these are asked by this server's clients.
            if !asynchronous {
                return Err(invalid("async"));
            }
            let info = given(parameters, "pushinfo").unwrap_or_default();
            if info.len() >= LONGEST_INFO {
                return Err(invalid("pushinfo"));
            }
            if user.standing != Standing::Active || matches!(user.phone, None | Some(Phone::NoPush)) {
                return Err(invalid("device"));
            }
            let info = url::form_urlencoded::parse(info.as_bytes()).into_owned().collect();
            let kind = given(parameters, "type").unwrap_or("Login").to_owned();
            let promised = given(parameters, "txid");
            if user.verified && promised.is_none() {
                return Err(invalid("txid"));
            }
            let txid = state.push(&user, kind, info, promised, site.clock.now()).ok_or(invalid("txid"))?;
            Ok(json!({ "txid": txid }))
        }
        "passcode" => {
            let code = given(parameters, "passcode").ok_or(missing("passcode"))?;
            let said = |result: &str, status: &str, words: &str| {
                Ok(json!({ "result": result, "status": status, "status_msg": words }))
            };
            match user.standing {
                Standing::Bypass => return said("allow", "bypass", "Bypass user"),
                Standing::Active => {}
                _ => return said("deny", "locked_out", "Your account is disabled."),
            }
            let good = state.user_mut(&user.name).and_then(|user| {
                let at = user.passcodes.iter().position(|known| known == code)?;
                Some(user.passcodes.remove(at))
            });
            match good {
                Some(_) => said("allow", "allow", "Success. Logging you in..."),
                None => said("deny", "deny", "Incorrect passcode. Please try again."),
            }
        }
        _ => Err(invalid("factor")),
    }
}

/// How a push stands: at once if that was not told yet, else when there is news or it was held for long enough.
async fn status(site: &Site, parameters: &Parameters) -> Outcome {
    let txid = given(parameters, "txid").ok_or(missing("txid"))?;
    let mut news = site.news.subscribe();
    let until = tokio::time::Instant::now() + site.holds;
    loop {
        {
            let mut state = site.state();
            let push = state.push_mut(txid).ok_or(invalid("txid"))?;
            let held_enough = tokio::time::Instant::now() >= until;
            if !push.told || held_enough || push.state.words().0 != "waiting" {
                push.told = true;
                let (result, status, words) = push.state.words();
                return Ok(json!({ "result": result, "status": status, "status_msg": words }));
            }
        }
        // The clock is asked now and then as well: a push ends by time alone.
        let soon = until.min(tokio::time::Instant::now() + std::time::Duration::from_secs(1));
        // Either is a reason to look again.
        let _ = tokio::time::timeout_at(soon, news.changed()).await;
    }
}
