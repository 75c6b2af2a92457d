import { apiHost, hostOf, isLoopback, serverOf } from '../../lib/oci/registry-host';

test('all addresses of Docker Hub are one', () => {
  expect(['https://index.docker.io/v1/', 'docker.io', 'registry-1.docker.io', ''].map(hostOf)).toEqual(
    Array(4).fill('docker.io'),
  );
  expect(serverOf('docker.io')).toBe('https://index.docker.io/v1/');
});

test('any other registry is its host', () => {
  expect(['https://a.test/v2/', 'http://a.test', 'a.test'].map(hostOf)).toEqual(Array(3).fill('a.test'));
  expect(serverOf('a.test:5000')).toBe('a.test:5000');
});

test('only addresses of this machine count as loopback', () => {
  expect(['localhost:5000', '127.0.0.1', '127.8.9.1:80', '[::1]:5000', 'a.localhost'].every(isLoopback)).toBe(true);
  expect(['127.example.com', 'localhost.example.com', '10.0.0.1', 'docker.io'].some(isLoopback)).toBe(false);
});

test('the API of docker.io is at another host', () => {
  expect(apiHost('docker.io')).toBe('registry-1.docker.io');
  expect(apiHost('ghcr.io')).toBe('ghcr.io');
});
