import { describeIf } from '../../../helpers/requires';
import { HOW, tool } from '../tools';
import { restProblems, type Exchange } from './rest';

const SHA = Buffer.alloc(32).toString('base64');
const block: Exchange = {
  method: 'PUT',
  url: '/snapshots/snap-0123456789abcdef0/blocks/3?x-id=PutSnapshotBlock',
  headers: { 'x-amz-data-length': '524288', 'x-amz-checksum': SHA, 'x-amz-checksum-algorithm': 'SHA256' },
  body: Buffer.alloc(8),
  answer: {
    status: 201,
    headers: { 'x-amz-checksum': SHA, 'x-amz-checksum-algorithm': 'SHA256' },
    body: Buffer.from('{}'),
  },
};
const finish: Exchange = {
  method: 'POST',
  url: '/acme/disk.raw?uploadId=1',
  headers: {},
  body: Buffer.from(
    '<CompleteMultipartUpload><Part><ETag>"a"</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>',
  ),
  answer: {
    status: 200,
    headers: {},
    body: Buffer.from(
      '<CompleteMultipartUploadResult><Bucket>acme</Bucket><ETag>"a-1"</ETag></CompleteMultipartUploadResult>',
    ),
  },
};
const refusal = (status: number, type: string, body: object): Exchange['answer'] => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: Buffer.from(JSON.stringify(body)),
});

describeIf(tool('python') !== undefined, HOW, 'an exchange of a service that is asked by method and path', () => {
  const problems = (service: string, exchange: Exchange): string[] => {
    const { request, response } = restProblems(service, exchange)!;
    return [...request, ...response];
  };

  test.each<[string, Exchange]>([
    ['ebs', block],
    ['s3', finish],
    [
      'ebs',
      { ...block, answer: refusal(404, 'ResourceNotFoundException', { Message: 'm', Reason: 'SNAPSHOT_NOT_FOUND' }) },
    ],
  ])('of %s is as the model has it', (service, exchange) => {
    expect(problems(service, exchange)).toEqual([]);
  });

  test.each<[string, Exchange, RegExp]>([
    ['ebs', { ...block, url: '/snapshots/snap-1/block/3' }, /no such call/],
    ['ebs', { ...block, headers: { ...block.headers, 'x-amz-data-length': undefined } }, /DataLength: is required/],
    ['ebs', { ...block, headers: { ...block.headers, 'x-amz-progress': '101' } }, /Progress: .* above the most/],
    ['ebs', { ...block, headers: { ...block.headers, 'x-amz-colour': 'blue' } }, /x-amz-colour is not in the model/],
    ['ebs', { ...block, url: `${block.url}&colour=blue` }, /query colour is not in the model/],
    ['ebs', { ...block, answer: { ...block.answer, status: 200 } }, /the status is 200, not 201/],
    ['ebs', { ...block, answer: refusal(400, 'ConflictException', {}) }, /ConflictException is not in the model/],
    ['ebs', { ...block, answer: refusal(400, 'ResourceNotFoundException', {}) }, /is 400, not 404/],
    [
      'ebs',
      { ...block, answer: refusal(404, 'ResourceNotFoundException', { Reason: 'WHY' }) },
      /Reason: .* not one of/,
    ],
    [
      's3',
      { ...finish, body: Buffer.from('<CompleteMultipartUpload><Colour>1</Colour></CompleteMultipartUpload>') },
      /Colour: not in/,
    ],
    [
      's3',
      { ...finish, answer: { ...finish.answer, body: Buffer.from('<A><Size>1</Size></A>') } },
      /Size: not in the model/,
    ],
  ])('of %s that the model does not allow is told', (service, exchange, problem) => {
    expect(problems(service, exchange).join('\n')).toMatch(problem);
  });
});
