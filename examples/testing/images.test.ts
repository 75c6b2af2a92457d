import { Match, PlanAssert } from 'goldsmith/testing';
import { images } from './images';

// Importing the program above runs nothing: `app.run()` acts only in the main program.

describe('the plan', () => {
  const plan = PlanAssert.fromApp(images({ variables: {} }));

  test('has two images on two platforms', () => {
    plan.buildCountIs(4).buildCountIs(2, 'docker').buildCountIs(2, 'sandbox');
  });

  test('builds Shop on Core, platform by platform', () => {
    plan.hasBuild('docker', { image: 'Shop', base: 'Core/Docker' });
    plan.hasBuild('sandbox', { image: 'Shop', base: 'Core/Sandbox' });
  });

  test('installs packages where there is a package manager, and not for ever', () => {
    plan.hasStep('shell', {
      build: 'Core/Docker',
      timeout: '5m',
      inline: Match.arrayWith([Match.stringLike('*install*')]),
    });
    plan.hasNoStep('shell', { build: 'Core/Sandbox', inline: Match.arrayWith([Match.stringLike('apt-get*')]) });
  });

  test('looks at the finished image before anybody gets it', () => {
    plan.hasVerification({ build: 'Shop/Docker', files: Match.arrayWith([{ path: '/etc/shop/stock' }]) });
  });

  test('says where the token comes from, and nothing more', () => {
    plan.hasStep('shell', { env: { TOKEN: { $secret: { from: 'env', name: 'SHOP_TOKEN' } } } });
  });
});

test('another release is another base', () => {
  PlanAssert.fromApp(images({ variables: { release: 'trixie' } })).hasBuild('docker', { base: 'debian:trixie' });
});

test('a release that nobody knows is refused, with what is allowed', () => {
  expect(() => images({ variables: { release: 'sid' } }).synth()).toThrow(/not allowed; allowed are: bookworm, trixie/);
});
