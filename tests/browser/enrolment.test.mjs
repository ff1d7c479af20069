// A new account, a forgotten password, and every way of a text message, in
// Chromium, from the console and back; with script and without.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demo } from '../clients/support.mjs';
import { ACME, GLOBEX, PRIVATE, Phone, UNHURRIED, lands, proves } from './phone.mjs';
import { Visitor, launch } from './support.mjs';

const ACME_PHONE = '13800000001';
const NEW_PASSWORD = 'seven-lamps-by-the-river';

let browser;

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? 'with script' : 'without script', () => {
    let house;
    let phone;

    before(async () => {
      house = await demo(UNHURRIED);
      phone = new Phone(house.simulator);
      await phone.tell('/limits', { sms: 'off' });
    });

    after(() => house?.stop());

    const visit = async (scenario, query = '') => {
      const visitor = await Visitor.arrive(browser, { javaScriptEnabled });
      try {
        await visitor.page.goto(`${house.console}/sign-in${query}`);
        await scenario(visitor, visitor.page);
      } finally {
        await visitor.leave();
      }
    };

    test('a new number makes a new account, and its password is good the next time', async () => {
      const number = `139${String(Date.now()).slice(-8)}`;
      let account;
      await visit(async (visitor, page) => {
        await page.click('a[href^="/signup?"]');
        await proves(visitor, phone, number);
        await page.fill('#password', NEW_PASSWORD);
        await page.check('#agree');
        await page.click('#signup-submit');
        await lands(visitor, house, { amr: 'sms' });
        account = await visitor.claim('id-token', 'account_id');
        for (const name of ['owner_account_id', 'billing_account_id']) {
          assert.equal(await visitor.claim('id-token', name), account);
        }
      });
      await visit(async (visitor) => {
        await visitor.enter(number, NEW_PASSWORD);
        await lands(visitor, house, { account, amr: 'pwd' });
      });
    });

    test('a number with accounts may sign in to one of them instead', () =>
      visit(async (visitor, page) => {
        await page.click('a[href^="/signup?"]');
        await proves(visitor, phone, ACME_PHONE);
        assert.match(await page.locator('h1').innerText(), /2/);
        await page.locator('button[name=account]').filter({ hasText: '个人项目' }).click();
        await lands(visitor, house, { account: PRIVATE, amr: 'sms' });
      }));

    test('an account that was chosen before the code needs no choice after it', () =>
      visit(async (visitor, page) => {
        await page.click('a[href^="/login/sms?"]');
        await page.fill('#phone', '13800000002');
        await page.click('#next');
        await page.locator('.tick').filter({ hasText: GLOBEX.slice(-2) }).first().locator('input').check();
        await page.click('#send-code');
        await page.fill('#code', await phone.code('13800000002'));
        await page.click('#login-submit');
        await lands(visitor, house, { account: GLOBEX, amr: 'sms' });
      }));

    test('a browser that knows an account calls it by name, and another code may be asked for', () =>
      visit(async (visitor, page) => {
        await visitor.enter('ops@acme.example');
        await lands(visitor, house, { account: ACME, amr: 'pwd' });
        await page.click('#sign-out');
        await page.waitForSelector('#signed-out');
        await page.goto(`${house.console}/sign-in?prompt=select_account`);
        if (await page.locator('#add-account').count()) await page.click('#add-account');
        await page.click('a[href^="/login/sms?"]');
        await page.fill('#phone', ACME_PHONE);
        await page.click('#next');
        await page.getByLabel('Acme 运维').check();
        await page.click('#send-code');
        const first = await phone.code(ACME_PHONE);
        await page.click('#send-code');
        const second = await phone.code(ACME_PHONE);
        if (first !== second) {
          await page.fill('#code', first);
          await page.click('#login-submit');
          await page.waitForSelector('#error[data-code=bad_code]');
        }
        await page.fill('#code', second);
        await page.click('#login-submit');
        await lands(visitor, house, { account: ACME, amr: 'sms' });
      }));

    test('a forgotten password is replaced by a code, by message and by mail', async () => {
      const resets = async (page, name, code) => {
        await page.click('a[href^="/reset?"]');
        await page.fill('#username', name);
        await page.click('#next');
        await page.fill('#code', await code());
        await page.click('#reset-submit');
      };
      await visit(async (visitor, page) => {
        await resets(page, '13800000002', () => phone.code('13800000002'));
        await page.fill('#new_password', NEW_PASSWORD);
        await page.click('#reset-submit');
        await page.waitForSelector('#reset-done');
        await page.click('#sign-in');
        await visitor.enter('root@globex.example', NEW_PASSWORD);
        await lands(visitor, house, { account: GLOBEX, amr: 'pwd' });
      });
      await visit(async (visitor, page) => {
        await page.click('a[href^="/login/sub?"]');
        await resets(page, 'lab@acme.example', () => phone.mailCode('lab@acme.example'));
        await page.fill('#new_password', NEW_PASSWORD);
        await page.click('#reset-submit');
        await page.click('#sign-in');
        await page.click('a[href^="/login/sub?"]');
        await visitor.enter('lab@acme.example', NEW_PASSWORD);
        const lab = { account: '209715200001', owner: ACME, payer: '209715200001' };
        await lands(visitor, house, { ...lab, kind: 'sub_account', amr: 'pwd' });
      });
    });
  });
}
