// WB-01: hundreds of texts that want to be scripts, in everything that people,
// clients and requests can say, on every page: none runs, none is reported by the
// policy, and each stands on the page exactly as it was written.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { PASSWORD, serve } from '../clients/support.mjs';
import { PAYLOADS } from './payloads.mjs';
import { launch } from './support.mjs';
import { Watched, everywhere as put } from './watched.mjs';

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const PHONE = '13800000001';
/** A browser holds twenty accounts; some room is left. */
const PEOPLE = 18;

/** Nobody gets a letter here, but the pages that would send one are there. */
const CHEAP = {
  MENSHEN__THROTTLE__ENABLED: 'false',
  MENSHEN__HASHING__MEMORY_KIB: '8192',
  MENSHEN__HASHING__ITERATIONS: '1',
  MENSHEN__SMS__PROVIDER: 'webhook',
  MENSHEN__SMS__WEBHOOK_URL: 'http://127.0.0.1:9',
  MENSHEN__MAIL__HOST: '127.0.0.1',
  MENSHEN__MAIL__PORT: '9',
  MENSHEN__MAIL__TLS: 'none',
  MENSHEN__MAIL__FROM: 'no-reply@id.example',
};

const client = (name, number) => ({
  client_id: `c${number}`,
  client_name: name,
  token_endpoint_auth_method: 'none',
  redirect_uris: [callback],
  scope: 'openid profile email',
});

/** Acme, whose owner and users are called like this. */
const acme = (names, secrets = {}) => ({
  account: [
    {
      id: '104857600000',
      alias: 'acme',
      name: names[0],
      email: 'ops@acme.example',
      phone: PHONE,
      ...secrets,
      iam_user: names.slice(1).map((name, number) => ({ username: `u${number}`, name, ...secrets })),
    },
  ],
});

let house;
let browser;
/** Where people go back to: a page that says nothing. */
let callback;
let relyingParty;

before(async () => {
  assert.ok(PAYLOADS.length >= 200, `${PAYLOADS.length} payloads`);
  relyingParty = createServer((_request, answer) => answer.end('<title>back</title>'));
  await new Promise((resolve) => relyingParty.listen(0, '127.0.0.1', resolve));
  callback = `http://localhost:${relyingParty.address().port}/cb`;
  const declared = { ...acme(Array(PEOPLE).fill('somebody'), { password: PASSWORD }), client: PAYLOADS.map(client) };
  [house, browser] = await Promise.all([serve(declared, CHEAP), launch()]);
});

after(async () => {
  await browser?.close();
  await house?.stop();
  relyingParty?.close();
  relyingParty?.closeAllConnections();
});

const open = () => Watched.open(browser, { issuer: house.issuer, callback });
const everywhere = (prepare, each) => put(open, prepare, each);
const nothing = () => Promise.resolve();

const request = (number, extra = {}) =>
  `/authorize?${new URLSearchParams({
    client_id: `c${number}`,
    redirect_uri: callback,
    response_type: 'code',
    scope: 'openid',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...extra,
  })}`;

test('what a request says is text', () =>
  everywhere(nothing, async (watched, payload, number) => {
    // The name of the client, and a hint that looks like an address.
    const hint = `${payload}@acme`;
    await watched.visit(request(number, { login_hint: hint, ui_locales: payload, display: payload, nonce: payload, acr_values: payload }), payload);
    await watched.says(payload);
    assert.equal(await watched.page.inputValue('#username'), hint.includes('\n') ? '' : hint);
    const encoded = encodeURIComponent(payload);
    // Each payload on one of the pages that say no; neighbours of its kind are on the others.
    const refusals = [
      `/authorize?client_id=${encoded}&redirect_uri=${encoded}&state=${encoded}`,
      `/consent?interaction=${encoded}&error=${encoded}&error_description=${encoded}`,
      `/nowhere/${encoded}?error=${encoded}&ui_locales=${encoded}`,
      `/logout?state=${encoded}&client_id=${encoded}&id_token_hint=${encoded}`,
      `/login/iam/${encoded}`,
    ];
    await watched.visit(refusals[number % refusals.length], payload);
  }));

test('what somebody types is text, and stands there again', () =>
  everywhere(
    (watched) => watched.visit('/login', 'nothing yet'),
    async (watched, payload) => {
      const { page } = watched;
      await page.fill('#username', payload);
      await page.fill('#password', payload);
      await page.check('#agree');
      await Promise.all([page.waitForNavigation(), page.click('#login-submit')]);
      assert.equal(await page.locator('#error').count(), 1, payload);
      await watched.quiet(payload);
      assert.equal(await page.inputValue('#username'), payload);
    },
  ));

test('what somebody types where numbers and names are asked for is text', () =>
  everywhere(nothing, async (watched, payload, number) => {
    const { page } = watched;
    // Each payload on one of the pages; neighbours of its kind are on the others.
    const [path, field] = [
      ['/login/sms', '#phone'],
      ['/signup', '#phone'],
      ['/reset', '#username'],
    ][number % 3];
    await watched.visit(path, payload);
    // Whoever attacks is not held by the field's length.
    await page.locator(field).evaluate((input) => input.removeAttribute('maxlength'));
    await page.fill(field, payload);
    await Promise.all([page.waitForNavigation(), page.click('#next')]);
    await watched.quiet(payload);
    if (path === '/reset') {
      // The next page says the name, in the form in which names are compared.
      await watched.says(payload.normalize('NFKC').toLowerCase().trim());
    } else {
      assert.equal(await page.locator('#error').getAttribute('data-code'), 'phone_required', payload);
      assert.equal(await page.inputValue(field), payload);
    }
  }));

test('what goes back to a client in a form is text', () =>
  everywhere(nothing, async (watched, payload, number) => {
    // Nobody is signed in, or the request is wrong: both go back by a form.
    const extra = number % 2 ? { state: payload } : { state: payload, scope: `openid ${payload}` };
    watched.returned = null;
    const silent = { ...extra, prompt: 'none', response_mode: 'form_post' };
    await watched.page.goto(`${house.issuer}${request(number, silent)}`);
    await watched.page.waitForURL(callback);
    const posted = new URLSearchParams(watched.returned.postData());
    assert.equal(posted.get('state'), payload);
    assert.deepEqual(watched.noticed, [], payload);
  }));

test('what a client is called is text where it is let in, and where that is taken back', async () => {
  await everywhere(
    (watched) => watched.signIn('/login', 'ops@acme.example'),
    async (watched, payload, number) => {
      await watched.visit(request(number, { scope: 'openid profile' }), payload);
      assert.equal(new URL(watched.page.url()).pathname, '/consent');
      await watched.says(payload);
      await watched.page.click('#consent-approve');
      await watched.page.waitForURL((url) => url.href.startsWith(callback));
    },
  );
  const watched = await open();
  await watched.signIn('/login', 'ops@acme.example');
  await watched.visit('/me/apps', 'all of them');
  const apart = await watched.apart();
  for (const payload of PAYLOADS) assert.ok(apart.includes(payload), `${payload} is not among the apps`);
  await watched.close();
});

test('what people and accounts are called is text', async () => {
  const watched = await open();
  await watched.signIn('/login', 'ops@acme.example');
  for (let number = 0; number < PEOPLE - 1; number += 1) await watched.signIn('/login/iam', `u${number}@acme`);
  for (let first = 0; first < PAYLOADS.length; first += PEOPLE) {
    const names = PAYLOADS.slice(first, first + PEOPLE);
    while (names.length < PEOPLE) names.push('somebody');
    await house.apply(acme(names));
    const chooser = request(0, { prompt: 'select_account' });
    for (const path of ['/accounts', '/logout', request(0), chooser]) {
      await watched.visit(path, names.join(' '));
      const apart = await watched.apart();
      for (const name of names) assert.ok(apart.includes(name), `${path} says ${JSON.stringify(apart)} and not ${name}`);
    }
    await watched.visit('/me/apps', names.join(' '));
    await watched.visit('/me/sessions', names.join(' '));
    await watched.visit('/me/bindings', names.join(' '));
    // The rows of a number call whom this browser knows by name.
    await watched.visit('/login/sms', names[0]);
    await watched.page.fill('#phone', PHONE);
    await watched.page.click('#next');
    await watched.page.waitForSelector('input[name=account]');
    await watched.quiet(names[0]);
    await watched.says(names[0]);
  }
  await watched.close();
});
