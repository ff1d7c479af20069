// WB-01 once more: what a vendor says that somebody is called stands on the page
// that binds, and is text there.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { demo } from '../clients/support.mjs';
import { Phone, UNHURRIED } from './phone.mjs';
import { launch } from './support.mjs';
import { Watched, everywhere } from './watched.mjs';

let house;
let browser;
let phone;

before(async () => {
  [house, browser] = await Promise.all([demo(UNHURRIED), launch()]);
  phone = new Phone(house.simulator);
});

after(async () => {
  await browser?.close();
  await house?.stop();
});

/** So much of a name is shown, and nothing that turns the text around it. */
const shown = (name) => [...name.replace(/\p{Cc}/gu, '')].slice(0, 64).join('').trim();

let turn = Promise.resolve();

test('what a vendor calls somebody is text', () =>
  everywhere(
    () => Watched.open(browser, { issuer: house.issuer }),
    () => Promise.resolve(),
    async (watched, payload, number) => {
      const { page } = watched;
      const id = `hostile-${number}`;
      await phone.tell('/users', { vendor: 'alipay', id, nickname: payload, user_id: `2088${String(number).padStart(12, '0')}` });
      await watched.visit('/login/alipay', payload);
      // One answer waits at the vendor at a time.
      turn = turn.then(async () => {
        await phone.tell('/alipay/next', { user: id, action: 'allow' });
        await page.click('#continue');
        await page.waitForURL((url) => url.pathname === '/login/bind');
      });
      await turn;
      await watched.quiet(payload);
      assert.equal(await page.locator('#phone').count(), 1);
      if (shown(payload)) await watched.says(shown(payload));
    },
  ));
