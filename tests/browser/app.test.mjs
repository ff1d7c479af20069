// The native app on the simulated phone, its own user agent: it signs in by
// what another app's SDK gives it, and ends with tokens.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { demo } from '../clients/support.mjs';
import { GLOBEX, PRIVATE, Phone, UNHURRIED } from './phone.mjs';
import { Visitor, launch } from './support.mjs';

let house;
let browser;
let phone;

before(async () => {
  [house, browser] = await Promise.all([demo(UNHURRIED), launch()]);
  phone = new Phone(house.simulator);
  await phone.tell('/limits', { sms: 'off' });
});

after(async () => {
  await browser?.close();
  await house?.stop();
});

/** Somebody holds the phone and opens the app. */
async function opens(scenario) {
  const visitor = await Visitor.arrive(browser, { locale: 'en' });
  try {
    await visitor.page.goto(`${house.simulator}/__sim/ui?lang=en`);
    await visitor.page.click('#app-forget');
    await visitor.page.click('#app-begin');
    await scenario(visitor.page);
  } finally {
    await visitor.leave();
  }
}

const app = (page) => page.locator('#app');

/** Answers the provider's page that the app shows: terms are accepted, fields filled. */
async function answers(page, field, value) {
  const form = app(page).locator(`form:has(input[name="${field}"])`);
  await form.locator(`input[name="${field}"]`).fill(value);
  await form.locator('button').first().click();
}

async function accepts(page) {
  const agree = app(page).locator('button[name=choice][value^="agree="]');
  if (await agree.count()) await agree.click();
}

async function claims(page) {
  await page.waitForSelector('#app-claims');
  return JSON.parse(await page.locator('#app-claims').innerText());
}

function isGlobex(told, amr) {
  for (const name of ['account_id', 'owner_account_id', 'billing_account_id']) assert.equal(told[name], GLOBEX, name);
  assert.deepEqual([told.principal_type, told.amr, told.acr, told.aud], ['root', amr, 'aal1', 'phone-app']);
}

test('one tap signs in whoever has the number, and lets them choose among its accounts', async () => {
  await opens(async (page) => {
    await app(page).locator('input[name=phone]').fill('+8613800000002');
    await page.click('#one-tap');
    await accepts(page);
    isGlobex(await claims(page), ['one_tap']);
  });
  await opens(async (page) => {
    await page.click('#one-tap');
    await app(page).getByRole('button', { name: '个人项目' }).click();
    await accepts(page);
    const told = await claims(page);
    assert.deepEqual([told.account_id, told.amr], [PRIVATE, ['one_tap']]);
  });
});

test('a bound WeChat lets its owner into the app', () =>
  opens(async (page) => {
    await app(page).getByRole('button', { name: '微信 · 小红' }).click();
    await accepts(page);
    isGlobex(await claims(page), ['wechat']);
  }));

for (const [button, amr] of [
  ['支付宝 · 阿红', 'alipay'],
  ['淘宝 · 淘小红', 'taobao'],
]) {
  test(`${amr}: a new identity is bound inside the app, and then lets in at once`, async () => {
    await opens(async (page) => {
      await app(page).getByRole('button', { name: button }).click();
      await answers(page, 'phone', '13800000002');
      await answers(page, 'code', await phone.code('13800000002'));
      await accepts(page);
      isGlobex(await claims(page), [amr, 'sms']);
    });
    await opens(async (page) => {
      await app(page).getByRole('button', { name: button }).click();
      isGlobex(await claims(page), [amr]);
    });
  });
}
