//! What goes wrong on purpose (connectors' failure modes): which calls, how
//! often, and how. `server` carries out what happens to the connection; the
//! vendors ask [`Call::fault`] for the modes that only they can play.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Call;
use super::vendor::Vendor;

/// Every mode there is, with what it does. The control API refuses others.
pub const MODES: &[(&str, &str)] = &[
    ("refuse", "closes the connection before anything happens"),
    ("reset", "lets it happen, then closes the connection amid the answer"),
    ("slow", "waits args.delay_ms (default 4000), then answers"),
    ("timeout_after_effect", "lets it happen and never answers"),
    ("http", "answers args.status (default 500) with a page of HTML"),
    ("garbage", "answers random bytes"),
    ("truncated", "answers the first half of the body, well framed"),
    ("html", "answers 200 with a page of HTML"),
    ("huge", "answers 64 MiB"),
    ("empty", "answers 200 with nothing"),
    ("wrong_charset", "answers bytes that are not UTF-8 in the same JSON"),
    ("wrong_type", "numbers as text, null names, no unionid; ids as numbers with args.ids"),
    ("set", "puts the members of args.set into the answer and takes args.remove out (identity drift)"),
    ("errcode", "answers the vendor's error args.code (args.message, args.sub_code), nothing happens"),
    ("bad_signature", "Alipay: args.how = altered | missing | other_key; OIDC: an ID token under another key"),
    ("clock_skew", "the vendor's clock is args.seconds (default 3600) ahead"),
    ("bad_nonce", "OIDC: another nonce in the ID token"),
    ("bad_aud", "OIDC: another audience"),
    ("bad_iss", "OIDC: another issuer"),
    ("expired", "OIDC: an ID token that has expired; elsewhere: a code that has"),
    ("alg_none", "OIDC: an ID token without signature"),
    ("rotated_kid", "OIDC: an ID token under the next key, which the key set has from then on"),
    ("bad_sub", "OIDC: userinfo of somebody else"),
    ("lost", "SMS: taken, and never delivered"),
    ("smtp", "mail: answers args.code (421, 450, 550 …) at args.at = connect | mail | rcpt | data (default)"),
];

/// Which calls a fault is for; what is not given does not matter.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matching {
    /// Whose calls.
    pub vendor: Option<Vendor>,
    /// The end of the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Aliyun's or Tencent's action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Alipay's or TOP's method, or the HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// One fault.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Number, from 1.
    #[serde(default)]
    pub id: u64,
    /// Which calls.
    #[serde(rename = "match", default)]
    pub matching: Matching,
    /// How ([`MODES`]).
    pub mode: String,
    /// How often it still happens; without it, until it is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How likely, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Particulars of the mode.
    #[serde(default)]
    pub args: Value,
}

impl Matching {
    fn holds(&self, vendor: Vendor, call: &Call) -> bool {
        let is = |wanted: &Option<String>, held: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(held);
        self.vendor.is_none_or(|wanted| wanted == vendor)
            && is(&self.route, &|route| call.path.trim_end_matches('/').ends_with(route.trim_end_matches('/')))
            && is(&self.action, &|action| call.action() == Some(action))
            && is(&self.method, &|method| call.action() == Some(method) || call.method == method)
    }
}

impl Fault {
    /// A number among the particulars.
    pub fn number(&self, name: &str) -> Option<i64> {
        let value = self.args.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A text among the particulars.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.args.get(name)?;
        value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()))
    }

    /// Changes an answer as the modes `wrong_type` and `set` do.
    pub fn shape(&self, answer: &mut Value) {
        match self.mode.as_str() {
            "wrong_type" => wrong_types(answer, self.args.get("ids") == Some(&json!(true))),
            "set" => {
                let Some(members) = innermost(answer) else { return };
                if let Some(set) = self.args.get("set").and_then(Value::as_object) {
                    members.extend(set.clone());
                }
                for name in self.args.get("remove").and_then(Value::as_array).into_iter().flatten() {
                    name.as_str().map(|name| members.remove(name));
                }
            }
            _ => {}
        }
    }
}

/// Tencent wraps its answers in `Response`.
fn innermost(answer: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    let members = answer.as_object_mut()?;
    if members.contains_key("Response") { members.get_mut("Response")?.as_object_mut() } else { Some(members) }
}

fn wrong_types(answer: &mut Value, ids_too: bool) {
    let Some(members) = innermost(answer) else { return };
    members.remove("unionid");
    for (name, value) in members.iter_mut() {
        let changed = match name.as_str() {
            "nickname" | "nick_name" | "avatar" | "headimgurl" | "name" => Some(Value::Null),
            "openid" | "user_id" | "open_id" | "sub" | "taobao_open_uid" | "taobao_user_id" if ids_too => {
                Some(json!(7))
            }
            _ => value.as_i64().map(|number| json!(number.to_string())),
        };
        if let Some(changed) = changed {
            *value = changed;
        }
    }
}

/// The faults that stand.
#[derive(Default)]
pub struct Faults {
    standing: Vec<Fault>,
    counted: u64,
}

impl Faults {
    /// Adds one; its number.
    ///
    /// # Errors
    /// A mode that there is not.
    pub fn add(&mut self, mut fault: Fault) -> Result<u64, String> {
        if let Some(status) = fault.mode.strip_prefix("http_").map(str::to_owned) {
            // `http_503`, `http_5xx`: short for mode http with that status.
            let status: u16 =
                status.replace("xx", "00").parse().map_err(|_not_a_number| format!("no mode {}", fault.mode))?;
            fault.args = json!({"status": status});
            "http".clone_into(&mut fault.mode);
        }
        if !MODES.iter().any(|(mode, _)| *mode == fault.mode) {
            return Err(format!("no mode {}", fault.mode));
        }
        self.counted = self.counted.saturating_add(1);
        fault.id = self.counted;
        self.standing.push(fault);
        Ok(self.counted)
    }

    /// Takes one away; was it there?
    pub fn remove(&mut self, id: u64) -> bool {
        let before = self.standing.len();
        self.standing.retain(|fault| fault.id != id);
        before != self.standing.len()
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.standing.clear();
    }

    /// All that stand, oldest first.
    pub fn list(&self) -> &[Fault] {
        &self.standing
    }

    /// The first fault for this call, used once; `drawn` is a number of chance
    /// in 0..1.
    pub fn take(&mut self, vendor: Vendor, call: &Call, drawn: f64) -> Option<Fault> {
        self.take_where(vendor, call, drawn, |_| true)
    }

    /// [`Faults::take`] among those that `wanted` wants.
    pub fn take_where(
        &mut self,
        vendor: Vendor,
        call: &Call,
        drawn: f64,
        wanted: impl Fn(&Fault) -> bool,
    ) -> Option<Fault> {
        let fits = |fault: &&mut Fault| {
            fault.matching.holds(vendor, call) && fault.probability.is_none_or(|likely| drawn < likely) && wanted(fault)
        };
        let fault = self.standing.iter_mut().find(fits)?;
        let taken = fault.clone();
        if let Some(times) = fault.times.as_mut() {
            *times = times.saturating_sub(1);
        }
        self.standing.retain(|fault| fault.times != Some(0));
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        serde_json::from_str(text).unwrap()
    }

    fn call(path: &str) -> Call {
        Call { method: "GET".into(), path: path.into(), ..Call::default() }
    }

    #[test]
    fn a_fault_hits_its_calls_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults
            .add(fault(r#"{"match":{"vendor":"wechat","route":"/access_token"},"mode":"garbage","times":1}"#))
            .unwrap();
        let token = call("/wx/api/sns/oauth2/access_token");
        assert!(faults.take(Vendor::Wechat, &call("/wx/api/sns/userinfo"), 0.0).is_none());
        assert!(faults.take(Vendor::Alipay, &token, 0.0).is_none());
        assert_eq!(faults.take(Vendor::Wechat, &token, 0.0).unwrap().mode, "garbage");
        assert!(faults.take(Vendor::Wechat, &token, 0.0).is_none());
    }

    #[test]
    fn a_likely_fault_stays_and_an_unknown_one_is_refused() {
        let mut faults = Faults::default();
        let id = faults.add(fault(r#"{"mode":"http_503","probability":0.5}"#)).unwrap();
        assert!(faults.take(Vendor::Oidc, &call("/"), 0.6).is_none());
        assert_eq!(faults.take(Vendor::Oidc, &call("/"), 0.4).unwrap().number("status"), Some(503));
        assert!(faults.remove(id) && !faults.remove(id));
        assert!(faults.add(fault(r#"{"mode":"sulk"}"#)).is_err());
    }

    #[test]
    fn answers_lose_their_types_but_not_their_ids() {
        let mut answer = json!({"openid": "o", "unionid": "u", "sex": 1, "nickname": "n", "expires_in": 7200});
        fault(r#"{"mode":"wrong_type"}"#).shape(&mut answer);
        assert_eq!(answer, json!({"openid": "o", "sex": "1", "nickname": null, "expires_in": "7200"}));
        fault(r#"{"mode":"set","args":{"set":{"unionid":"v"},"remove":["sex"]}}"#).shape(&mut answer);
        assert_eq!(answer["unionid"], "v");
        assert!(answer.get("sex").is_none());
    }
}
