// Arriving from another site, by a link and by a form, and going back: in
// Chromium, which decides by itself which cookies go along.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { PASSWORD, serve } from '../clients/support.mjs';
import { Visitor, launch } from './support.mjs';

let house;
let browser;
let elsewhere;
/** The other site: 127.0.0.1 and localhost are two to a browser. */
let site;
/** Where answers go, and nothing is said. */
let callback;

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/** A right request of the client, as any site might send it. */
const request = (extra = {}) => ({
  client_id: 'shop',
  redirect_uri: callback,
  response_type: 'code',
  scope: 'openid',
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
  ...extra,
});

/** A page with a form and a link that ask for somebody. */
function page(wanted) {
  const fields = Object.entries(request(wanted)).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
  const link = `${house.issuer}/authorize?${new URLSearchParams(request(wanted))}`.replaceAll('&', '&amp;');
  return `<!doctype html><html lang="en"><title>Elsewhere</title><form method="post" action="${house.issuer}/authorize">
    ${fields.join('')}<button id="form">go</button></form><a id="link" href="${link}">go</a></html>`;
}

before(async () => {
  elsewhere = createServer((asked, answer) => {
    const url = new URL(asked.url, 'http://127.0.0.1');
    answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    answer.end(url.pathname === '/cb' ? '<title>back</title>' : page(Object.fromEntries(url.searchParams)));
  });
  await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  const { port } = elsewhere.address();
  [site, callback] = [`http://127.0.0.1:${port}/`, `http://localhost:${port}/cb`];
  const declared = {
    allow_weak_passwords: true,
    account: [
      {
        alias: 'acme',
        name: 'Acme',
        email: 'ops@acme.example',
        password: PASSWORD,
        iam_user: [{ username: 'bob', name: 'Bob', password: PASSWORD }],
      },
    ],
    client: [
      {
        client_id: 'shop',
        token_endpoint_auth_method: 'none',
        redirect_uris: [callback],
        scope: 'openid',
        first_party: true,
        consent: 'implicit',
      },
    ],
  };
  [house, browser] = await Promise.all([serve(declared), launch()]);
});

after(async () => {
  await browser?.close();
  await house?.stop();
  elsewhere?.close();
  elsewhere?.closeAllConnections();
});

/** Somebody who signed in as the root, and as Bob too. */
async function arrive({ bob }) {
  const visitor = await Visitor.arrive(browser);
  await visitor.page.goto(`${house.issuer}/login`);
  await visitor.enter('ops@acme.example');
  if (bob) {
    await visitor.page.goto(`${house.issuer}/login/iam/acme`);
    await visitor.page.fill('#username', 'bob');
    await visitor.page.click('#next');
    await visitor.enter(null);
  }
  await visitor.page.waitForSelector('button[name=account][data-state=active]');
  return visitor;
}

/** What the client was told. */
async function returned({ page }) {
  await page.waitForURL((url) => url.href.startsWith(`${callback}?`));
  return new URL(page.url()).searchParams;
}

test('a form and a link of another site find who is signed in', async () => {
  const visitor = await arrive({ bob: false });
  for (const way of ['#form', '#link']) {
    for (const query of ['', '?prompt=none']) {
      await visitor.page.goto(`${site}${query}`);
      await visitor.page.click(way);
      assert.ok((await returned(visitor)).get('code'), `${way} ${query}: ${visitor.page.url()}`);
    }
  }
  await visitor.leave();
});

test('of two accounts nobody is guessed, and the back button leads to no second code', async () => {
  const visitor = await arrive({ bob: true });
  const { page } = visitor;
  await page.goto(`${site}?prompt=none`);
  await page.click('#form');
  assert.equal((await returned(visitor)).get('error'), 'account_selection_required');

  await page.goto(site);
  await page.click('#form');
  await page.waitForURL((url) => url.pathname === '/accounts');
  // Back to the other site, and forth again: the same choice is still open.
  await page.goBack();
  assert.equal(page.url(), site);
  await page.goForward();
  assert.equal(await page.locator('button[name=account]').count(), 2);
  await page.locator('button[name=account]').filter({ hasText: 'bob@acme' }).click();
  assert.ok((await returned(visitor)).get('code'));
  // Back to the chooser: it was used, says so, and leads to a new beginning.
  await page.goBack();
  await page.waitForSelector('#error[data-code=tx_expired]');
  await page.click('#restart');
  assert.equal(await page.locator('button[name=account]').count(), 2);
  await visitor.leave();
});

test('two clicks on one account are one choice', async () => {
  const visitor = await arrive({ bob: true });
  await visitor.page.goto(`${site}?prompt=select_account`);
  await visitor.page.click('#link');
  await visitor.page.locator('button[name=account]').filter({ hasText: 'bob@acme' }).dblclick();
  assert.ok((await returned(visitor)).get('code'));
  await visitor.leave();
});

test('a page left open while its account signs out elsewhere has an outcome', async () => {
  const visitor = await arrive({ bob: true });
  const { page } = visitor;
  await page.goto(`${site}?prompt=select_account`);
  await page.click('#link');
  const other = await visitor.context.newPage();
  await other.goto(`${house.issuer}/accounts`);
  await other.locator('li.row').filter({ hasText: 'bob@acme' }).locator('button[name=sign_out]').click();
  await other.waitForSelector('button[name=account][data-state=signed_out]');
  // The row that was live when the page was drawn: its own login page, and on from there.
  await page.locator('button[name=account]').filter({ hasText: 'bob@acme' }).click();
  await visitor.enter(null);
  assert.ok((await returned(visitor)).get('code'));
  await visitor.leave();
});
