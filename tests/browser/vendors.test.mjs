// Ways in that lead through a vendor, in Chromium, from the console and back:
// known there, new there, refused there; with script and without.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demo } from '../clients/support.mjs';
import { GLOBEX, PRIVATE, Phone, UNHURRIED, lands, proves } from './phone.mjs';
import { Visitor, launch } from './support.mjs';

const ACME_PHONE = '13800000001';
const GLOBEX_PHONE = '13800000002';

/** Vendors whose own page asks: link, who, what the token says. */
const OTHERS = [
  { name: 'Alipay', link: '/login/alipay', user: 'ali-ming', amr: 'alipay' },
  { name: 'Taobao', link: '/login/taobao', user: 'tb-ming', amr: 'taobao' },
  { name: 'the company account', link: '/login/oidc/corp', user: '00u1liming', amr: 'fed' },
];

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

    const visit = async (link, scenario) => {
      const visitor = await Visitor.arrive(browser, { javaScriptEnabled });
      try {
        await visitor.page.goto(`${house.console}/sign-in`);
        await visitor.page.click(`a[href^="${link}?"]`);
        await scenario(visitor, visitor.page);
      } finally {
        await visitor.leave();
      }
    };

    /** WeChat's code is on the screen: in our page's frame, or on its own page. */
    const shown = async ({ page }, where) => {
      if (where === 'in the frame') return page.frameLocator('#qr-panel').locator('#qr-status').waitFor();
      await page.click('#continue');
      await page.waitForSelector('#qr-page');
    };

    for (const where of javaScriptEnabled ? ['in the frame', 'on its own page'] : ['on its own page']) {
      test(`a bound WeChat is scanned ${where} and lets its owner in`, () =>
        visit('/login/wechat', async (visitor) => {
          await shown(visitor, where);
          await phone.scans(visitor.context, '小红', 'scan');
          await phone.scans(visitor.context, '小红', 'confirm');
          await lands(visitor, house, { account: GLOBEX, amr: 'wechat' });
        }));
    }

    test('who cancels in WeChat may scan again, or turn to another way', () =>
      visit('/login/wechat', async (visitor, page) => {
        await shown(visitor, 'on its own page');
        await phone.scans(visitor.context, '小红', 'scan');
        await phone.refuses(visitor.context);
        if (javaScriptEnabled) await page.getByText('你已取消此次登录').waitFor();
        await page.goBack();
        await page.click('a[href^="/login?"]');
        await visitor.enter('root@globex.example');
        await lands(visitor, house, { account: GLOBEX, amr: 'pwd' });
      }));

    test('a new WeChat is refused by an account that has one, and bound to another by its phone', async () => {
      await visit('/login/wechat', async (visitor, page) => {
        await shown(visitor, 'on its own page');
        await phone.scans(visitor.context, '小明', 'confirm');
        await page.waitForURL((url) => url.pathname === '/login/bind');
        assert.match(await page.locator('main').innerText(), /小明/);
        await proves(visitor, phone, GLOBEX_PHONE);
        assert.equal(await page.locator('#error').getAttribute('data-code'), 'account_has_wechat');
        await page.click('#other-number');
        await proves(visitor, phone, ACME_PHONE);
        assert.equal(await page.locator('button[name=account]').count(), 2);
        await page.locator('button[name=account]').filter({ hasText: '个人项目' }).click();
        await lands(visitor, house, { account: PRIVATE, amr: 'wechat, sms' });
      });
      await visit('/login/wechat', async (visitor) => {
        await shown(visitor, 'on its own page');
        await phone.scans(visitor.context, '小明', 'confirm');
        await lands(visitor, house, { account: PRIVATE, amr: 'wechat' });
      });
    });

    for (const { name, link, user, amr } of OTHERS) {
      test(`${name}: a no leads back, a yes binds, and the next time nothing is asked`, async () => {
        const agrees = async (page, button) => {
          await page.click('#continue');
          await page.check(`#consent input[value="${user}"]`);
          await page.click(button);
        };
        await visit(link, async (visitor, page) => {
          await agrees(page, '#deny');
          await page.waitForSelector('#error[data-code=qr_denied]');
          await agrees(page, '#allow');
          await page.waitForURL((url) => url.pathname === '/login/bind');
          await proves(visitor, phone, GLOBEX_PHONE);
          await lands(visitor, house, { account: GLOBEX, amr: `${amr}, sms` });
        });
        await visit(link, async (visitor, page) => {
          await agrees(page, '#allow');
          await lands(visitor, house, { account: GLOBEX, amr });
        });
      });
    }

    test('a new identity with a new number makes a new account, which it opens from then on', async () => {
      const number = `139${String(Date.now()).slice(-8)}`;
      const agrees = async (page) => {
        await page.click('#continue');
        await page.check('#consent input[value="ali-hong"]');
        await page.click('#allow');
      };
      let account;
      await visit('/login/alipay', async (visitor, page) => {
        await agrees(page);
        await proves(visitor, phone, number);
        await page.click('#register');
        await page.fill('#password', 'seven-lamps-by-the-river');
        await page.check('#agree');
        await page.click('#signup-submit');
        await page.waitForSelector('#who');
        account = await visitor.claim('id-token', 'account_id');
        assert.notEqual(account, GLOBEX);
      });
      await visit('/login/alipay', async (visitor, page) => {
        await agrees(page);
        await lands(visitor, house, { account, amr: 'alipay' });
      });
    });
  });
}
