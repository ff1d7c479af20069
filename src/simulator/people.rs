//! People who have an account with a vendor.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::sign::{hex, sha256};
use super::vendor::Vendor;

/// Somebody's account with one vendor.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Person {
    /// How the control API calls them.
    pub id: String,
    /// What the vendor shows.
    pub nickname: String,
    /// Address of their picture.
    pub avatar: String,
    /// WeChat: the same for all apps of one platform, if the app is on one.
    pub unionid: Option<String>,
    /// WeChat: per app, where it is not the derived one.
    pub openids: Map<String, Value>,
    /// Alipay and Taobao.
    pub user_id: Option<String>,
    /// Alipay and Taobao (`open_uid`): per app.
    pub open_id: Option<String>,
    /// Number of their phone, E.164.
    pub phone: Option<String>,
    /// OpenID Connect: claims beside `sub`, which is the id.
    pub claims: Map<String, Value>,
}

impl Person {
    /// WeChat's `openid` for one app: stable for person and app.
    pub fn openid(&self, appid: &str) -> String {
        let given = self.openids.get(appid).and_then(Value::as_str).map(str::to_owned);
        given.unwrap_or_else(|| derived_openid(appid, &self.id))
    }
}

/// The `openid` that a person has for an app when none is given.
pub fn derived_openid(appid: &str, person: &str) -> String {
    let digest = hex(&sha256(format!("{appid}|{person}").as_bytes()));
    format!("oSim{}", digest.chars().take(24).collect::<String>())
}

/// Everybody, in the order in which they came.
#[derive(Default)]
pub struct People(Vec<(Vendor, Person)>);

impl People {
    /// Who goes by `id` with this vendor.
    pub fn find(&self, vendor: Vendor, id: &str) -> Option<&Person> {
        self.of(vendor).find(|person| person.id == id)
    }

    /// Everybody who has an account with this vendor.
    pub fn of(&self, vendor: Vendor) -> impl Iterator<Item = &Person> {
        self.0.iter().filter(move |(of, _)| *of == vendor).map(|(_, person)| person)
    }

    /// Adds somebody, or changes the fields that are given; null takes one away.
    ///
    /// # Errors
    /// What is wrong with a field.
    pub fn put(&mut self, vendor: Vendor, fields: &Map<String, Value>) -> Result<Person, String> {
        let id = fields.get("id").and_then(Value::as_str).ok_or("id is missing")?;
        let known = self.0.iter_mut().find(|(of, person)| *of == vendor && person.id == id);
        let before = known.as_ref().map_or_else(Person::default, |(_, person)| person.clone());
        let mut merged = serde_json::to_value(before).map_err(|error| error.to_string())?;
        if let Some(members) = merged.as_object_mut() {
            members.extend(fields.iter().filter(|(name, _)| *name != "vendor").map(|(n, v)| (n.clone(), v.clone())));
            members.retain(|_, value| !value.is_null());
        }
        let person: Person = serde_json::from_value(merged).map_err(|error| error.to_string())?;
        if let Some((_, place)) = known {
            place.clone_from(&person);
        } else {
            self.0.push((vendor, person.clone()));
        }
        Ok(person)
    }
}

/// A number as the journal and the inbox name it: E.164.
pub fn e164(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("00").unwrap_or(&digits) {
        national if national.len() == 11 && national.starts_with('1') && !number.trim().starts_with('+') => {
            format!("+86{national}")
        }
        full => format!("+{full}"),
    }
}

/// The eleven digits of a mainland number.
pub fn national(number: &str) -> Option<String> {
    let e164 = e164(number);
    let digits = e164.strip_prefix("+86")?;
    let valid = digits.len() == 11 && digits.starts_with('1') && digits.chars().all(|c| c.is_ascii_digit());
    valid.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_to_write_a_number_is_one_number() {
        for written in ["13800138000", "+8613800138000", "8613800138000", "008613800138000", " 8613800138000"] {
            assert_eq!(e164(written), "+8613800138000", "{written}");
            assert_eq!(national(written).as_deref(), Some("13800138000"), "{written}");
        }
        assert_eq!(e164("+14155550100"), "+14155550100");
        assert_eq!(national("+14155550100"), None);
    }

    #[test]
    fn somebody_changes_field_by_field() {
        let mut people = People::default();
        let mut put = |fields: Value| people.put(Vendor::Wechat, fields.as_object().unwrap());
        put(json!({"id": "a", "nickname": "A"})).unwrap();
        let changed = put(json!({"id": "a", "unionid": "u"})).unwrap();
        assert_eq!((changed.nickname.as_str(), changed.unionid.as_deref()), ("A", Some("u")));
        assert_eq!(put(json!({"id": "a", "unionid": null})).unwrap().unionid, None);
        assert!(put(json!({"nickname": "nobody"})).is_err());
        assert_eq!(people.of(Vendor::Wechat).count(), 1);
    }
}
