//! Every page, every variant, every language: what they all have to keep.

mod hostile;
mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use menshen::web::assets;
use menshen::web::pages::Locale;
use samples::Sample;
use scraper::{ElementRef, Html, Selector};

fn select<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    document.select(&css(selector)).collect()
}

fn css(selector: &str) -> Selector {
    Selector::parse(selector).expect("a selector")
}

/// Calls `check` with every variant in every language.
fn each(check: impl Fn(Locale, &Sample, &Html)) {
    for locale in Locale::ALL {
        for sample in samples::all(locale, None) {
            check(locale, &sample, &Html::parse_document(&sample.html));
        }
    }
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

#[test]
fn every_template_has_a_sample() {
    let shown: BTreeSet<String> = samples::all(Locale::En, None)
        .iter()
        .map(|sample| sample.name.split('.').next().expect("a name").to_owned())
        .collect();
    let written: BTreeSet<String> = templates()
        .iter()
        .filter(|path| path.parent().is_some_and(|folder| folder.ends_with("templates")))
        .map(|path| path.file_stem().expect("a stem").to_string_lossy().into_owned())
        .filter(|stem| stem != "layout")
        .collect();
    assert_eq!(shown, written);
}

#[test]
fn a_page_is_the_same_each_time() {
    for locale in Locale::ALL {
        for (first, second) in samples::all(locale, None).iter().zip(samples::all(locale, None)) {
            assert_eq!(first.html, second.html, "{}", first.name);
            assert!(!first.html.is_empty(), "{}", first.name);
        }
    }
}

#[test]
fn a_page_says_its_language_and_speaks_it() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for locale in Locale::ALL {
        for sample in samples::all(locale, Some("Zed")) {
            let document = Html::parse_document(&sample.html);
            let html = document.root_element();
            assert_eq!(html.attr("lang"), Some(locale.tag()), "{}", sample.name);
            let said = sample.html.replace(r#"lang="zh-CN">中文</a>"#, "");
            assert_eq!(chinese(&said), locale == Locale::ZhCn, "{}", sample.name);
            // The words of the house (architecture.md §4).
            assert!(!said.contains('帐') && !said.contains("登陆"), "{}", sample.name);
        }
    }
}

#[test]
fn nothing_is_left_without_words() {
    each(|_, sample, document| {
        let spoken = "title, h1, h2, label, legend, a, button, p, .name, .badge, .state, dt, dd";
        for element in select(document, spoken) {
            assert!(!text_of(element).is_empty(), "{}: {}", sample.name, element.html());
        }
        assert_eq!(select(document, "h1").len(), 1, "{}", sample.name);
        assert_eq!(select(document, "main").len(), 1, "{}", sample.name);
    });
}

#[test]
fn ids_are_unique_and_every_input_has_its_label() {
    each(|_, sample, document| {
        let mut seen = BTreeSet::new();
        for element in select(document, "[id]") {
            let id = element.attr("id").expect("an id");
            assert!(seen.insert(id.to_owned()), "{}: #{id} twice", sample.name);
        }
        for input in select(document, "input:not([type=hidden]), select, textarea") {
            let id = input.attr("id").unwrap_or_else(|| panic!("{}: input without id", sample.name));
            let label = format!("label[for='{id}']");
            assert_eq!(select(document, &label).len(), 1, "{}: label of #{id}", sample.name);
        }
        for element in select(document, "[aria-describedby]") {
            for id in element.attr("aria-describedby").expect("ids").split_whitespace() {
                assert!(seen.contains(id), "{}: described by #{id}", sample.name);
            }
        }
        assert!(select(document, "[autofocus]").len() <= 1, "{}", sample.name);
    });
}

#[test]
fn a_page_carries_no_code_and_loads_only_what_is_ours() {
    each(|_, sample, document| {
        for element in select(document, "*") {
            let tag = element.value().name();
            for (name, value) in element.value().attrs() {
                assert!(!name.starts_with("on") && name != "style", "{}: {name}", sample.name);
                if ["src", "href"].contains(&name) && ["img", "link", "script"].contains(&tag) {
                    assert!(assets::find(value).is_some(), "{}: {value}", sample.name);
                }
            }
            assert!(!["style", "object", "embed", "base"].contains(&tag), "{}: <{tag}>", sample.name);
            if tag == "iframe" {
                // The WeChat panel alone frames its one vendor (contract: "Pages").
                assert_eq!(sample.name, "upstream");
                let sandbox = element.attr("sandbox");
                assert_eq!(sandbox, Some("allow-scripts allow-same-origin allow-top-navigation"));
            }
            if tag == "script" {
                assert_eq!(sample.name, "form_post");
                assert!(element.attr("src").is_some() && text_of(element).is_empty());
            }
        }
        assert!(select(document, "form:not([method=post])").is_empty(), "{}", sample.name);
    });
}

#[test]
fn every_form_of_ours_carries_its_guard() {
    each(|_, sample, document| {
        for form in select(document, "form:not(#form-post)") {
            let guards = form.select(&css("input[type=hidden][name=csrf]")).count();
            assert_eq!(guards, 1, "{}", sample.name);
            assert!(form.attr("action").is_some_and(|action| action.starts_with('/')), "{}", sample.name);
            // Only secondary actions have a name (contract: "Pages").
            for primary in form.select(&css("button.primary")) {
                assert_eq!((primary.attr("name"), primary.attr("value")), (None, None), "{}", sample.name);
            }
        }
    });
}

#[test]
fn an_error_shows_in_the_title_in_its_code_and_at_its_field() {
    each(|locale, sample, document| {
        let title = text_of(select(document, "title")[0]);
        let prefix = if locale == Locale::ZhCn { "错误：" } else { "Error: " };
        let errors = select(document, "#error[role=alert][data-code]");
        assert_eq!(errors.len(), select(document, "#error").len(), "{}", sample.name);
        assert_eq!(title.starts_with(prefix), errors.len() == 1, "{}: {title}", sample.name);
        for marked in select(document, "[aria-invalid]") {
            let described = marked.attr("aria-describedby").unwrap_or_default();
            assert!(described.split_whitespace().any(|id| id == "error"), "{}", sample.name);
        }
        if let Some((_, code)) = sample.name.split_once('.')
            && sample.name.starts_with("error.")
        {
            assert_eq!(errors[0].attr("data-code"), Some(code));
        }
    });
}

#[test]
fn the_ids_that_scripts_rely_on_are_there() {
    let ids = BTreeMap::from([
        ("login", "#username[name=username] #password[name=password] #agree[name=agree] #login-submit"),
        ("login.sub", "#username #password #agree #login-submit"),
        ("sms_phone", "#phone[name=phone][type=tel][autocomplete=tel] #next:not([name])"),
        ("sms_account", "input[type=radio][name=account][value=other] #send-code:not([name])"),
        (
            "sms_code",
            "#code[name=code][inputmode=numeric][autocomplete=one-time-code] #login-submit input[name=resend] #send-code",
        ),
        ("iam_name", "#username #next"),
        ("iam_name.asked", "#username #account[name=account][autocomplete=organization] #next"),
        ("iam_password", "#username[readonly] #password #login-submit"),
        ("choose", "button[name=account][data-principal-type=root][data-state=active]"),
        ("reauth", "#password #login-submit"),
        ("consent", "#consent-approve:not([name]) #consent-deny[name][value]"),
        ("signup_phone", "#phone[name=phone] #next:not([name])"),
        ("code", "#code[name=code][autocomplete=one-time-code] #signup-submit:not([name]) #send-code[name]"),
        ("reset_name", "#username[name=username] #next:not([name])"),
        ("code.reset", "#code #reset-submit:not([name]) #send-code[name]"),
        ("reset_password", "#new_password[name=new_password][autocomplete=new-password] #reset-submit:not([name])"),
        ("reset_done", "#reset-done #sign-in[href]"),
        ("signup_known", "button[name=account][data-state=active] #register-another:not([name])"),
        ("signup_details", "#password[autocomplete=new-password] #agree[required] #signup-submit:not([name])"),
        ("logout", "#logout-confirm:not([name])"),
        ("bindings", "li[data-method] button[name=unbind][value] #proof-first"),
        ("bindings.none", "#no-bindings"),
        ("accounts", "button[name=sign_out] #add-account #sign-out-all"),
    ]);
    each(|_, sample, document| {
        for selector in ids.get(sample.name.as_str()).map(|list| list.split(' ')).into_iter().flatten() {
            assert!(!select(document, selector).is_empty(), "{}: {selector}", sample.name);
        }
        let title = text_of(select(document, "title")[0]);
        if ["login", "iam_name", "iam_password", "reauth", "choose"].contains(&stem(sample)) {
            assert!(title.contains("登录") || title.contains("Sign in"), "{}: {title}", sample.name);
        }
        if stem(sample) == "signed_out" {
            assert!(sample.html.contains("已退出") || sample.html.contains("Signed out"));
        }
    });
}

fn stem(sample: &Sample) -> &str {
    sample.name.split('.').next().expect("a name")
}

#[test]
fn the_page_for_an_unregistered_redirect_uri_says_so_and_nothing_of_the_request() {
    for locale in Locale::ALL {
        let pages = |word| samples::all(locale, word).into_iter().find(|s| s.name == "error.unregistered_client");
        let page = pages(None).expect("the page");
        assert!(page.html.contains("redirect_uri"));
        assert_eq!(page.html, pages(Some("Zed")).expect("the page").html);
    }
}

#[test]
fn no_template_switches_escaping_off() {
    for path in templates() {
        let text = fs::read_to_string(&path).expect("a template");
        for banned in ["|safe", "| safe", "escape", "|e(", "style=", "<style"] {
            assert!(!text.contains(banned), "{}: {banned}", path.display());
        }
    }
}

fn templates() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in [root.clone(), root.join("parts")] {
        let entries = fs::read_dir(folder).expect("the templates");
        files.extend(entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()));
    }
    files
}

/// Also a convenience: `target/tmp/pages/` then holds every page to look at.
#[test]
fn every_page_is_light_enough_for_a_slow_line() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&folder).expect("a folder");
    let style = assets::find(assets::stylesheet_url()).expect("the stylesheet").body.len();
    for locale in Locale::ALL {
        for sample in samples::all(locale, None) {
            assert!(sample.html.len() + style <= 60 * 1024, "{}", sample.name);
            let page = sample.html.replace("\"/assets/", "\"");
            fs::write(folder.join(format!("{}.{}.html", sample.name, locale.tag())), page).expect("written");
        }
    }
    for asset in assets::all() {
        fs::write(folder.join(asset.path.trim_start_matches("/assets/")), asset.body).expect("written");
    }
}
