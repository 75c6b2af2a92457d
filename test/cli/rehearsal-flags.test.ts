import { rehearsalOptions } from '../../lib/cli/rehearsal-flags';

test('values that are made up for a rehearsal are given by name, and may hold an equals sign', () => {
  const flags = { parameter: ['/acme/token=a=b'], secret: ['acme={"password":"x"}'] };
  expect(rehearsalOptions(flags)).toMatchObject({
    parameters: { '/acme/token': 'a=b' },
    secrets: { acme: '{"password":"x"}' },
  });
});

test('one without a name is refused, and not shown', () => {
  const refused = (): unknown => rehearsalOptions({ secret: ['=hush-hush'] });
  expect(refused).toThrow('--secret takes NAME=VALUE');
  expect(refused).not.toThrow('hush');
});

test('a word for what goes wrong must be one that is known', () => {
  expect(rehearsalOptions({ trouble: ['throttling=0.1'], speed: '10' })).toMatchObject({
    trouble: { throttling: 0.1 },
    speed: 10,
  });
  expect(() => rehearsalOptions({ trouble: ['bad-luck=1'] })).toThrow('a name of throttling');
  expect(() => rehearsalOptions({ image: ['minimal'] })).toThrow('it takes AMI=BASE');
});
