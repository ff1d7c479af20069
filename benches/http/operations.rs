//! What is measured, each as one operation over one connection.

use std::cell::Cell;
use std::rc::Rc;

use crate::guests::{Guests, turn};
use crate::house::basic;
use crate::wire::Connection;

/// The same request again and again.
pub fn same(request: String) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    async move |connection: &mut Connection, _index: usize| {
        connection.send(&request).await.must_be(200);
        true
    }
}

/// One of the requests after the other.
fn each(requests: Vec<String>, proof: &'static str) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let at = Cell::new(0);
    async move |connection: &mut Connection, _index: usize| {
        at.set(at.get() + 1);
        let answer = connection.send(turn(&requests, at.get())).await;
        answer.must_be(200);
        assert!(answer.body.contains(proof), "{}", answer.body);
        true
    }
}

pub fn client_credentials(guests: &Guests, client: &str) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    same(guests.requests.post("/token", &basic(client), &[("grant_type", "client_credentials")]))
}

pub fn introspection(guests: &Guests, tokens: &[String]) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let ask = |token: &String| guests.requests.post("/introspect", &basic("billing-api"), &[("token", token)]);
    each(tokens.iter().map(ask).collect(), "\"active\":true")
}

pub fn userinfo(guests: &Guests) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let ask = |token: &String| guests.requests.get("/userinfo", &format!("Authorization: Bearer {token}\r\n"));
    each(guests.access.iter().map(ask).collect(), "\"sub\"")
}

/// A browser with a live sign-in gets a code, which is kept.
pub fn authorize(guests: &Rc<Guests>) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let guests = Rc::clone(guests);
    async move |connection: &mut Connection, index: usize| {
        let code = guests.follow(connection, &guests.authorize, turn(&guests.cookies, index)).await;
        guests.codes.borrow_mut().push(code);
        true
    }
}

/// The same for an account that is named, in these browsers.
pub fn authorize_named(
    guests: &Rc<Guests>,
    named: &[(String, String)],
) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let (guests, named) = (Rc::clone(guests), named.to_vec());
    async move |connection: &mut Connection, index: usize| {
        let (path, cookie) = named.get(index % named.len().max(1)).expect("there are some");
        let code = guests.follow(connection, path, cookie).await;
        guests.codes.borrow_mut().push(code);
        true
    }
}

/// Trades the kept codes, until there is none.
pub fn exchange(guests: &Rc<Guests>) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let guests = Rc::clone(guests);
    async move |connection: &mut Connection, _index: usize| {
        let Some(code) = guests.codes.borrow_mut().pop() else { return false };
        let (_access, refresh) = guests.exchange(connection, "console", &code).await;
        guests.refresh.borrow_mut().push_back(refresh);
        true
    }
}

/// Trades the refresh token that was used longest ago and keeps the new one.
pub fn refresh(guests: &Rc<Guests>) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let (guests, proof) = (Rc::clone(guests), basic("console"));
    async move |connection: &mut Connection, _index: usize| {
        let Some(token) = guests.refresh.borrow_mut().pop_front() else { return false };
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        let answer = connection.send(&guests.requests.post("/token", &proof, &form)).await;
        answer.must_be(200);
        guests.refresh.borrow_mut().push_back(answer.quoted("\"refresh_token\":\""));
        true
    }
}

/// A new browser: the client's request, the login page, the right password.
pub fn password_login(guests: &Rc<Guests>) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let guests = Rc::clone(guests);
    async move |connection: &mut Connection, index: usize| {
        guests.log_in(connection, index).await.expect("the queue of hashes has room");
        true
    }
}

/// The same without end, as a crowd at the door; those turned away count too.
pub fn flood(guests: &Rc<Guests>) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let guests = Rc::clone(guests);
    async move |connection: &mut Connection, index: usize| {
        let _maybe_busy = guests.log_in(connection, index).await;
        true
    }
}

/// A bit of everything, for a long load: of eight connections one does password
/// logins, one machines' tokens, two whole code trips.
pub fn mixture(guests: &Rc<Guests>) -> impl AsyncFn(&mut Connection, usize) -> bool + use<> {
    let introspect = introspection(guests, &guests.access);
    let (userinfo, refresh) = (userinfo(guests), refresh(guests));
    let machine = client_credentials(guests, "machine");
    let (authorize, exchange, login) = (authorize(guests), exchange(guests), flood(guests));
    async move |connection: &mut Connection, index: usize| match index % 8 {
        0 => login(connection, index).await,
        1 => machine(connection, index).await,
        2 => refresh(connection, index).await,
        3 => userinfo(connection, index).await,
        4 | 5 => authorize(connection, index).await && exchange(connection, index).await,
        _ => introspect(connection, index).await,
    }
}
