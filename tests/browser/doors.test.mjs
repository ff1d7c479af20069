// The demo as a person meets it, in Chromium: every door, with script and without.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demo } from '../clients/support.mjs';
import { Visitor, launch } from './support.mjs';

let house;
let browser;

before(async () => {
  [house, browser] = await Promise.all([demo(), launch()]);
});

after(async () => {
  await browser?.close();
  await house?.stop();
});

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? 'with script' : 'without script', () => {
    const visit = async (scenario) => {
      const visitor = await Visitor.arrive(browser, { javaScriptEnabled });
      try {
        await visitor.page.goto(`${house.console}/`);
        await visitor.page.click('#sign-in');
        await scenario(visitor, visitor.page);
      } finally {
        await visitor.leave();
      }
    };
    const isIn = async (visitor, kind, amr = 'pwd') => {
      assert.equal(new URL(visitor.page.url()).origin, house.console, await visitor.page.content());
      for (const [name, value] of Object.entries({ principal_type: kind, amr, acr: 'aal1' })) {
        assert.equal(await visitor.claim('id-token', name), value);
      }
    };

    test('the root of an account signs in by e-mail', () =>
      visit(async (visitor, page) => {
        assert.match(await page.title(), /登录/);
        await visitor.enter('ops@acme.example');
        await isIn(visitor, 'root');
        assert.equal(await visitor.claim('userinfo', 'email'), 'ops@acme.example');
        assert.equal(await visitor.claim('id-token', 'iss'), house.issuer);
      }));

    test('a phone with two accounts lets its owner choose', () =>
      visit(async (visitor, page) => {
        await visitor.enter('13800000001');
        const accounts = page.locator('button[name=account]');
        assert.equal(await accounts.count(), 2);
        await accounts.filter({ hasText: '个人项目' }).click();
        await isIn(visitor, 'root');
        assert.equal(await visitor.claim('userinfo', 'email'), 'me@acme.example');
      }));

    test('whoever has the phone signs in by the code that is sent to it', () =>
      visit(async (visitor, page) => {
        // A number gets one code a minute: each run has a number of its own.
        const phone = javaScriptEnabled ? '13800000001' : '13800000002';
        await page.click('a[href*="/login/sms"]');
        await page.fill('#phone', phone);
        await page.click('#next');
        await page.check('input[name=account][value=other]');
        await page.click('#send-code');
        const sent = await fetch(`${house.simulator}/__sim/sms/wait?phone=${phone}&timeout_ms=10000`);
        assert.equal(sent.status, 200);
        const { code } = await sent.json();
        assert.equal(await page.locator('#phone-masked').innerText(), `138****${phone.slice(-4)}`);
        await page.fill('#code', code === '000000' ? '000001' : '000000');
        await page.click('#login-submit');
        assert.equal(await page.locator('#error').getAttribute('data-code'), 'bad_code');
        await page.fill('#code', code);
        await page.click('#login-submit');
        if (javaScriptEnabled) await page.locator('button[name=account]').filter({ hasText: '个人项目' }).click();
        await isIn(visitor, 'root', 'sms');
        assert.equal(await visitor.claim('userinfo', 'email'), javaScriptEnabled ? 'me@acme.example' : 'root@globex.example');
      }));

    test('a sub-account signs in at its own page, and its owner pays', () =>
      visit(async (visitor, page) => {
        await page.click('a[href*="/login/sub"]');
        await visitor.enter('dev@acme.example');
        await isIn(visitor, 'sub_account');
        const [account, owner, payer] = await Promise.all(
          ['account_id', 'owner_account_id', 'billing_account_id'].map((name) => visitor.claim('id-token', name)),
        );
        assert.notEqual(account, owner);
        assert.equal(payer, owner);
      }));

    test('an IAM user signs in with the account in the name', () =>
      visit(async (visitor, page) => {
        await page.click('a[href*="/login/iam"]');
        await page.fill('#username', 'alice@acme');
        await page.click('#next');
        await visitor.enter(null);
        await isIn(visitor, 'iam_user');
        for (const name of ['account_id', 'owner_account_id', 'billing_account_id']) {
          assert.equal(await visitor.claim('id-token', name), '104857600000');
        }
      }));

    test('a wrong password and an unknown name are told apart by nobody', () =>
      visit(async (visitor, page) => {
        const said = async (username) => {
          await visitor.enter(username, 'not-the-password-at-all');
          assert.equal(await page.locator('#error').getAttribute('data-code'), 'bad_credentials');
          return page.locator('#error').innerText();
        };
        assert.equal(await said('ops@acme.example'), await said('nobody@acme.example'));
      }));

    test('a third party is let in by consent, and turned away by a no', () =>
      visit(async (visitor, page) => {
        // What was consented to is remembered: each run has a person of its own.
        if (!javaScriptEnabled) await page.click('a[href*="/login/sub"]');
        await visitor.enter(javaScriptEnabled ? 'ops@acme.example' : 'lab@acme.example');
        await page.click('#report-tool');
        assert.equal(await visitor.path(), '/consent');
        await page.click('#consent-deny');
        assert.match(await page.content(), /access_denied/);
        await page.goto(`${house.console}/`);
        await page.click('#report-tool');
        await page.click('#consent-approve');
        assert.equal(page.url(), `${house.console}/report`);
        assert.equal(await visitor.claim('id-token', 'aud'), 'report-tool');
      }));

    test('the API takes the token, a refresh renews it, and a sign-out ends it', () =>
      visit(async (visitor, page) => {
        await visitor.enter('root@globex.example');
        await page.click('#call-api');
        assert.match(await page.locator('#api-answer').innerText(), /"billed_to_account"/);
        await page.click('#refresh');
        assert.equal(await page.locator('#refreshed').innerText(), '1');
        await page.click('#sign-out');
        if (await page.locator('#logout-confirm').count()) await page.click('#logout-confirm');
        await page.waitForSelector('#signed-out');
        await page.goto(`${house.console}/sign-in?prompt=none`);
        assert.match(await page.content(), /login_required/);
      }));

    test('a second account stands beside the first, and either can be chosen', () =>
      visit(async (visitor, page) => {
        await visitor.enter('ops@acme.example');
        await isIn(visitor, 'root');
        await page.goto(`${house.issuer}/accounts`);
        await page.click('#add-account');
        await page.click('a[href*="/login/iam"]');
        await page.fill('#username', 'bob@acme');
        await page.click('#next');
        await visitor.enter(null);
        await page.goto(`${house.issuer}/accounts`);
        assert.equal(await page.locator('[data-principal-type=root][data-state=active]').count(), 1);
        assert.equal(await page.locator('[data-principal-type=iam_user][data-state=active]').count(), 1);
        await page.click('#sign-out-all');
        await page.goto(`${house.issuer}/accounts`);
        assert.equal(await page.locator('[data-state=active]').count(), 0);
      }));
  });
}
