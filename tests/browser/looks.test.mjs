// Every page in every size, light and language: nothing sticks out, nothing is
// unreadable. The pictures go to MENSHEN_PICTURES, or nowhere that lasts.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { demo } from '../clients/support.mjs';
import { Phone, UNHURRIED } from './phone.mjs';
import { Visitor, launch } from './support.mjs';

let house;
let browser;
let phone;
let pictures;

before(async () => {
  pictures = process.env.MENSHEN_PICTURES ?? (await mkdtemp(path.join(tmpdir(), 'menshen-pictures-')));
  await mkdir(pictures, { recursive: true });
  [house, browser] = await Promise.all([demo(UNHURRIED), launch()]);
  phone = new Phone(house.simulator);
  await phone.tell('/limits', { sms: 'off' });
});

after(async () => {
  await browser?.close();
  await house?.stop();
  if (!process.env.MENSHEN_PICTURES) await rm(pictures, { recursive: true, force: true });
});

/** Every page in one go through the house; `look` is called on each. */
async function tour(visitor, look) {
  const { page } = visitor;
  await page.goto(`${house.console}/sign-in`);
  await look('login');
  await visitor.enter('ops@acme.example', 'not-the-password-at-all');
  await look('login-refused');
  await page.click('a[href*="/login/sms"]');
  await look('login-sms');
  await page.fill('#phone', '12345');
  await page.click('#next');
  await look('login-sms-refused');
  // Nobody has it; nobody can see that.
  await page.fill('#phone', `139${String(Math.random()).slice(2, 10)}`);
  await page.click('#next');
  await look('login-sms-account');
  await page.check('input[name=account][value=other]');
  await page.click('#send-code');
  await look('login-sms-code');
  await page.click('a[href*="/login/sub"]');
  await look('login-sub');
  await page.click('a[href*="/login/iam"]');
  await look('login-iam');
  await page.fill('#username', 'alice@acme');
  await page.click('#next');
  await look('login-iam-password');
  await page.goto(`${house.console}/sign-in`);
  await visitor.enter('13800000001');
  await look('choose');
  await page.locator('button[name=account]').first().click();
  await look('console');
  await page.click('#report-tool');
  await look('consent');
  await page.goto(`${house.issuer}/accounts`);
  await look('accounts');
  await page.goto(`${house.issuer}/me/apps`);
  await look('apps');
  await page.goto(`${house.issuer}/logout`);
  await look('logout');
  await page.click('#logout-confirm');
  await look('signed-out');
  await page.goto(`${house.issuer}/authorize?client_id=nobody`);
  await look('unregistered');
}

/** What leads through a vendor, a new account and a new password. */
async function detour(visitor, look, locale) {
  const { page } = visitor;
  const number = `137${String(Math.random()).slice(2, 10)}`;
  const turn = async (link) => {
    await page.goto(`${house.console}/sign-in`);
    await page.click(`a[href^="${link}?"]`);
  };
  await turn('/login/wechat');
  await look('wechat');
  await turn('/login/alipay');
  await look('alipay');
  await phone.tell('/alipay/next', { user: 'ali-ming', action: 'deny' });
  await page.click('#continue');
  await look('alipay-denied');
  await phone.tell('/alipay/next', { user: 'ali-ming', action: 'allow' });
  await page.click('#continue');
  await look('bind');
  await page.fill('#phone', number);
  await page.click('#next');
  await look('bind-code');
  await page.fill('#code', await phone.code(number));
  await page.click('#login-submit');
  await look('bind-nobody');
  await page.click('#other-number');
  await page.fill('#phone', '13800000001');
  await page.click('#next');
  await page.fill('#code', await phone.code('13800000001'));
  await page.click('#login-submit');
  await look('bind-accounts');

  await page.goto(`${house.issuer}/login/one-tap`);
  await look('one-tap');

  await turn('/signup');
  await look('signup');
  await page.fill('#phone', number);
  await page.click('#next');
  await look('signup-code');
  await page.fill('#code', '000000x');
  await page.click('#signup-submit');
  await look('signup-code-refused');
  await page.fill('#code', await phone.code(number));
  await page.click('#signup-submit');
  await look('signup-details');
  await page.click('#other');
  await page.fill('#phone', '13800000001');
  await page.click('#next');
  await page.fill('#code', await phone.code('13800000001'));
  await page.click('#signup-submit');
  await look('signup-known');

  await turn('/reset');
  await look('reset');
  await page.fill('#username', 'dev@acme.example');
  await page.click('#next');
  await look('reset-code');
  await page.fill('#code', await phone.mailCode('dev@acme.example'));
  await page.click('#reset-submit');
  await look('reset-password');
  await page.fill('#new_password', 'open-the-red-gate-1');
  await page.click('#reset-submit');
  await look(await page.locator('#reset-done').count() ? 'reset-done' : 'reset-refused');

  await page.goto(`${house.console}/sign-in`);
  await visitor.enter('ops@acme.example');
  await page.click('#add-account');
  await page.click('#add-account');
  await page.click('a[href*="/login/iam"]');
  await page.fill('#username', 'alice@acme');
  await page.click('#next');
  await visitor.enter(null);
  await page.goto(`${house.console}/sign-in?prompt=select_account`);
  await look('chooser');
  await page.goto(`${house.issuer}/me/sessions`);
  await look('sessions');
  await page.goto(`${house.issuer}/me/bindings`);
  await look('bindings');
  await page.goto(`${house.simulator}/__sim/ui?lang=${locale}`);
  await look('phone');
}

for (const locale of ['zh-CN', 'en']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [320, 1280]) {
      test(`${locale}, ${colorScheme}, ${width} pixels wide`, async () => {
        const visitor = await Visitor.arrive(browser, { locale, colorScheme, viewport: { width, height: 800 } });
        try {
          const look = async (name) => {
            const picture = `${name}-${locale}-${colorScheme}-${width}.png`;
            await visitor.page.screenshot({ path: path.join(pictures, picture), fullPage: true });
            assert.equal(await visitor.page.locator('html').getAttribute('lang'), locale, name);
            await visitor.fits();
            await visitor.isAccessible();
          };
          await tour(visitor, look);
          // Half of the combinations show the rest of the house: each language, light and width in some of them.
          if (process.env.MENSHEN_PICTURES || (locale === 'en') === (colorScheme === 'dark')) {
            await visitor.context.clearCookies();
            await detour(visitor, look, locale);
          }
        } finally {
          await visitor.leave();
        }
      });
    }
  }
}
