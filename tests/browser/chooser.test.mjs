// Several accounts in one Chromium: what the second source document describes,
// with script and without.

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

const ACCOUNTS = ['ops@acme.example', 'root@globex.example'];
const IAM_USERS = ['alice@acme', 'bob@acme'];

/** Adds an account from whatever page of the provider `page` shows. */
async function add(visitor, name) {
  const { page } = visitor;
  if (await page.locator('#add-account').count()) await page.click('#add-account');
  if (name === 'dev@acme.example') await page.click('a[href*="/login/sub"]');
  if (!IAM_USERS.includes(name)) return visitor.enter(name);
  await page.click('a[href*="/login/iam"]');
  await page.fill('#username', name);
  await page.click('#next');
  return visitor.enter(null);
}

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? 'with script' : 'without script', () => {
    test('three accounts and two IAM users side by side, switched without a password', async () => {
      const visitor = await Visitor.arrive(browser, { javaScriptEnabled, viewport: { width: 320, height: 720 } });
      const { page } = visitor;
      const row = (words) => page.locator('button[name=account]').filter({ hasText: words });
      await page.goto(`${house.console}/`);
      await page.click('#sign-in');
      await visitor.enter(ACCOUNTS[0]);
      for (const name of [ACCOUNTS[1], 'dev@acme.example', ...IAM_USERS]) {
        await page.click('#add-account');
        await add(visitor, name);
        assert.equal(new URL(page.url()).origin, house.console, await page.content());
      }
      assert.equal(await page.locator('#other-accounts a').count(), 4);

      // The chooser: two groups, nothing wider than the window, nothing that axe calls serious.
      await page.click('#switch-account');
      assert.equal(await page.locator('[aria-labelledby=accounts] button[name=account]').count(), 3);
      assert.equal(await page.locator('[aria-labelledby=iam-users] button[name=account]').count(), 2);
      await visitor.fits();
      if (javaScriptEnabled) await visitor.isAccessible();
      await row('Globex').click();
      assert.equal(await visitor.claim('userinfo', 'email'), ACCOUNTS[1]);
      const tab = page.url();

      // IAM users alone.
      await page.click('#switch-iam-user');
      assert.equal(await page.locator('button[name=account]').count(), 2);
      await row('bob@acme').click();
      assert.equal(await visitor.claim('userinfo', 'preferred_username'), 'bob@acme');

      // Two tabs work as two accounts.
      const second = await visitor.context.newPage();
      await second.goto(tab);
      const name = (of) => of.locator('#userinfo tr[data-claim="sub"] td bdi').innerText();
      assert.notEqual(await name(second), await name(page));
      await Promise.all([second.click('#call-api'), page.click('#call-api')]);
      for (const of of [second, page]) await of.waitForSelector('#api-answer');

      // One leaves; the other tab goes on.
      await page.click('#sign-out');
      await page.waitForSelector('#signed-out');
      await second.click('#refresh');
      assert.equal(await second.locator('#refreshed').innerText(), '1');
      await page.goto(`${house.issuer}/accounts`);
      await visitor.fits();
      if (javaScriptEnabled) await visitor.isAccessible();
      assert.equal(await page.locator('button[name=account][data-state=active]').count(), 4);
      assert.equal(await page.locator('button[name=account][data-state=signed_out]').count(), 1);
      await row('bob@acme').click();
      assert.equal(await page.locator('#password').count(), 1, 'its own login page, prefilled');

      // Signed out on the provider's own page: the console's tab of that account ends, and no other does.
      const third = await visitor.context.newPage();
      await third.goto(`${house.console}/sign-in?login_hint=dev%40acme.example`);
      assert.equal(await third.locator('#principal-type').count(), 1);
      await page.goto(`${house.issuer}/accounts`);
      await page.locator('li.row:has(button[data-principal-type=sub_account]) button[name=sign_out]').click();
      await page.waitForSelector('button[data-principal-type=sub_account][data-state=signed_out]');
      const until = Date.now() + 20_000;
      while (await third.locator('#who').count()) {
        assert.ok(Date.now() < until, 'the console has not heard of it');
        await third.reload();
      }
      await second.click('#refresh');
      assert.equal(await second.locator('#refreshed').innerText(), '2');

      // By keyboard: the focused entry is a button, and Enter chooses it.
      await page.goto(`${house.console}/sign-in?prompt=select_account`);
      await row('Globex').focus();
      await page.keyboard.press('Enter');
      await page.waitForSelector('#who');
      assert.equal(await visitor.claim('userinfo', 'email'), ACCOUNTS[1]);
      await page.goto(`${house.issuer}/me/sessions`);
      await visitor.fits();
      if (javaScriptEnabled) await visitor.isAccessible();
      await visitor.leave();
    });
  });
}
