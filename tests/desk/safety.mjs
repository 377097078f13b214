// Other sites against the desk, in a browser in which a reviewer is logged in.

// given.evil: an address whose pages are the attacker's.
async function victim(desk, { name, password, evil }) {
  const page = await desk.session(name, password);
  // The attacker's own pages, and what a browser says of what it stopped.
  desk.expect(evil);
  desk.expect('console:');
  desk.expect('policy:');
  desk.expect('a window was opened');
  desk.expect('error of a script: Failed to fetch');
  return page;
}

export async function forms(desk, { name, password, evil, paths, url }) {
  const page = await victim(desk, { name, password, evil });
  const csrf = await page.locator('input[name=csrf]').first().inputValue();
  for (const path of paths) {
    const answers = [];
    const note = (response) => {
      if (response.url().startsWith(url) && response.request().method() === 'POST') answers.push(response.status());
    };
    page.on('response', note);
    await page.goto(`${evil}${path}`);
    await page.waitForTimeout(700);
    page.off('response', note);
    desk.check(`${path}: the desk refused it`, answers.every((status) => status >= 400), answers);
  }
  return csrf;
}

export async function frames(desk, { name, password, evil, url }) {
  const page = await victim(desk, { name, password, evil });
  await page.goto(`${evil}/frames`);
  await page.waitForTimeout(1500);
  for (const one of page.frames().slice(1)) {
    const text = await one.innerText('body').catch(() => '');
    desk.check('no page of the desk is in a frame', !text.includes('Smime') && !one.url().startsWith(url), `${one.url()} ${text}`);
    desk.equal('nothing of it is there', 0, await one.locator('form#act, form#login, #who').count());
  }
  desk.check('there are frames', page.frames().length > 1);
}

// Scripts of another origin read nothing, and a window that they opened is no handle to it.
export async function scripts(desk, { name, password, evil, url, item, user }) {
  const page = await victim(desk, { name, password, evil });
  await page.goto(`${evil}/script`);
  const found = await page.evaluate(async ({ url, item, user }) => {
    const tried = {};
    for (const path of ['/held', '/api/v1/held', `/held/${item}?user=${user}`, '/api/v1/whoami']) {
      try {
        const answer = await fetch(url + path, { credentials: 'include' });
        tried[path] = (await answer.text()).length;
      } catch (problem) {
        tried[path] = 'refused';
      }
    }
    try {
      const answer = await fetch(`${url}/api/v1/held/${item}/delete`, {
        method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': 'x' },
        body: JSON.stringify({ user, reason: 'owned' }),
      });
      tried.act = answer.status;
    } catch (problem) {
      tried.act = 'refused';
    }
    const opened = window.open(`${url}/held`);
    // Until the desk's page has come, the window is still a blank one of the opener's.
    for (let turns = 0; turns < 100 && !tried.window; turns += 1) {
      await new Promise((done) => { setTimeout(done, 200); });
      try {
        tried.window = opened.closed ? 'closed for it' : opened.document.title;
      } catch (problem) {
        tried.window = 'refused';
      }
    }
    return tried;
  }, { url, item, user });
  for (const [what, result] of Object.entries(found))
    desk.check(`another origin does not reach ${what}`, ['refused', 'closed for it'].includes(result), result);
}

// A cookie that somebody else put there is not the session after a login.
export async function fixation(desk, { name, password, cookie, planted }) {
  const page = await desk.page();
  const context = page.context();
  await context.addCookies(planted.map((value, number) => ({
    name: cookie, value, url: desk.url + (number ? '/held' : ''),
  })));
  await desk.login(page, name, password);
  const now = (await context.cookies()).filter((one) => one.name === cookie);
  desk.check('the session is new', now.length > 0 && now.some((one) => !planted.includes(one.value)), JSON.stringify(now));
  const [own] = now.filter((one) => !planted.includes(one.value));
  desk.equal('no script can read it', true, own.httpOnly);
  desk.equal('no other site can send it', 'Strict', own.sameSite);
  desk.check('it is long enough to be none that is guessed', own.value.length >= 22, own.value.length);
  desk.equal('scripts see none', '', await page.evaluate(() => document.cookie.split('; ')
    .filter((word) => !word.startsWith('planted')).join('')).then((text) => (text.includes(own.value) ? text : '')));
  desk.equal('nothing is kept by the page', [0, 0], await page.evaluate(() => [localStorage.length, sessionStorage.length]));
  return own.value;
}

// Of a logout nothing is left: neither by the button "back" nor in the cache.
export async function logout(desk, { name, password, subject }) {
  const page = await desk.session(name, password);
  desk.check('the list has the subject', (await page.innerText('main')).includes(subject));
  await page.click('form[action="/logout"] button');
  await page.waitForSelector('form#login');
  await page.goBack().catch(() => {});
  await page.waitForTimeout(500);
  const text = await page.innerText('body');
  desk.check('"back" shows nothing of it', !text.includes(subject), text);
}

// __Host- and Secure, over TLS.
export async function secure(desk, { name, password }) {
  const page = await desk.session(name, password);
  const cookies = await page.context().cookies();
  const [own] = cookies.filter((one) => one.name === '__Host-smime-desk');
  desk.check('the cookie is the host\'s alone', own, JSON.stringify(cookies));
  desk.equal('it is Secure, HttpOnly, Strict and of /', [true, true, 'Strict', '/'],
    [own?.secure, own?.httpOnly, own?.sameSite, own?.path]);
  const answer = await page.goto('/held');
  desk.equal('the list is there', 200, answer.status());
}
