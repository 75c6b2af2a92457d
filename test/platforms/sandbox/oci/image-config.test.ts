import { extendConfig } from '../../../../lib/platforms/sandbox/oci/image-config';

describe('the configuration of an image with more layers', () => {
  const layers = [{ diffId: 'sha256:new', by: 'goldsmith' }];

  test('keeps what it does not know, and tells of every layer', () => {
    const base = {
      architecture: 'arm64',
      os: 'linux',
      'x.other': 1,
      rootfs: { type: 'layers', diff_ids: ['sha256:a', 'sha256:b'] },
      history: [{ created_by: 'one' }, { created_by: 'env', empty_layer: true }],
    };
    const config = extendConfig(base, { run: {}, layers, epoch: 86400 });
    expect(config).toMatchObject({
      architecture: 'arm64',
      'x.other': 1,
      created: '1970-01-02T00:00:00Z',
      rootfs: { diff_ids: ['sha256:a', 'sha256:b', 'sha256:new'] },
    });
    const history = config['history'] as { created_by: string; empty_layer?: boolean }[];
    expect(history.filter((entry) => !entry.empty_layer)).toHaveLength(3);
    expect(history.at(-1)).toMatchObject({ created_by: 'goldsmith' });
  });
});
