"""What boto3 does with the rehearsal: it checks the answers by botocore's own models, and this checks what they say."""

import base64
import hashlib
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

ENDPOINT, FOLDER = sys.argv[1:]
BLOCK = 512 * 1024


def client(service, region='eu-west-1'):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=ENDPOINT,
        aws_access_key_id='GOLDSMITHREHEARSAL',
        aws_secret_access_key='rehearsal',
        config=Config(retries={'max_attempts': 1}),
    )


ebs, ec2, s3, kms = (client(name) for name in ('ebs', 'ec2', 's3', 'kms'))


def checksum(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def refused(code, reason, call, **params):
    try:
        call(**params)
    except ClientError as error:
        found = (error.response['Error']['Code'], error.response.get('Reason'))
        assert found == (code, reason), found
        return
    raise AssertionError(f'{code} was expected')


def put(snapshot, index, data, **more):
    given = {'DataLength': BLOCK, 'Checksum': checksum(data), 'ChecksumAlgorithm': 'SHA256', **more}
    return ebs.put_snapshot_block(SnapshotId=snapshot, BlockIndex=index, BlockData=data, **given)


def wait(snapshot, of=ec2):
    of.get_waiter('snapshot_completed').wait(SnapshotIds=[snapshot], WaiterConfig={'Delay': 1, 'MaxAttempts': 20})


def try_ebs():
    request = {'VolumeSize': 1, 'ClientToken': 'one', 'Description': 'd', 'Tags': [{'Key': 'a', 'Value': 'b'}], 'Timeout': 10}
    first = ebs.start_snapshot(**request)
    assert first['BlockSize'] == BLOCK and first['Status'] == 'pending'
    snapshot = first['SnapshotId']
    assert ebs.start_snapshot(**request)['SnapshotId'] == snapshot
    refused('ConflictException', None, ebs.start_snapshot, **{**request, 'VolumeSize': 2})
    refused('ResourceNotFoundException', 'SNAPSHOT_NOT_FOUND', ebs.list_snapshot_blocks, SnapshotId='snap-00000000000000000')
    data = os.urandom(BLOCK)
    assert put(snapshot, 0, data)['Checksum'] == checksum(data)
    put(snapshot, 5, data)
    for index, body, more, reason in (
        (2048, data, {}, 'INVALID_BLOCK'),
        (1, data, {'Checksum': checksum(b'')}, 'INVALID_BLOCK'),
        (1, data[:100], {}, 'INVALID_BLOCK'),
        (1, data, {'DataLength': 7}, 'INVALID_PARAMETER_VALUE'),
    ):
        refused('ValidationException', reason, lambda: put(snapshot, index, body, **more))
    refused('ValidationException', 'INVALID_SNAPSHOT_ID', ebs.list_snapshot_blocks, SnapshotId=snapshot)
    complete = {'SnapshotId': snapshot, 'ChecksumAlgorithm': 'SHA256', 'ChecksumAggregationMethod': 'LINEAR'}
    linear = checksum(hashlib.sha256(data).digest() * 2)
    refused('ValidationException', 'INVALID_PARAMETER_VALUE', ebs.complete_snapshot, ChangedBlocksCount=3, Checksum=linear, **complete)
    refused('ValidationException', 'INVALID_PARAMETER_VALUE', ebs.complete_snapshot, ChangedBlocksCount=2, Checksum=checksum(b''), **complete)
    ebs.complete_snapshot(ChangedBlocksCount=2, Checksum=linear, **complete)
    refused('ValidationException', 'INVALID_SNAPSHOT_ID', lambda: put(snapshot, 1, data))
    wait(snapshot)
    blocks = ebs.list_snapshot_blocks(SnapshotId=snapshot)['Blocks']
    assert [one['BlockIndex'] for one in blocks] == [0, 5]
    got = ebs.get_snapshot_block(SnapshotId=snapshot, **blocks[1])
    assert got['BlockData'].read() == data and got['Checksum'] == checksum(data)
    refused('ValidationException', 'INVALID_BLOCK_TOKEN', ebs.get_snapshot_block, SnapshotId=snapshot, BlockIndex=0, BlockToken=blocks[1]['BlockToken'])

    second = ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=snapshot)['SnapshotId']
    other = os.urandom(BLOCK)
    put(second, 5, other)
    put(second, 7, other)
    ebs.complete_snapshot(SnapshotId=second, ChangedBlocksCount=2)
    wait(second)
    changed = ebs.list_changed_blocks(FirstSnapshotId=snapshot, SecondSnapshotId=second)['ChangedBlocks']
    assert [one['BlockIndex'] for one in changed] == [5, 7] and 'FirstBlockToken' not in changed[1]
    alone = ebs.start_snapshot(VolumeSize=1)['SnapshotId']
    ebs.complete_snapshot(SnapshotId=alone, ChangedBlocksCount=0)
    wait(alone)
    refused('ValidationException', 'UNRELATED_SNAPSHOTS', ebs.list_changed_blocks, FirstSnapshotId=alone, SecondSnapshotId=second)
    return snapshot


def try_s3():
    refused('IllegalLocationConstraintException', None, s3.create_bucket, Bucket='acme')
    s3.create_bucket(Bucket='acme', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
    s3.put_object(Bucket='acme', Key='a b/c+d.raw', Body=b'hello')
    assert s3.get_object(Bucket='acme', Key='a b/c+d.raw')['Body'].read() == b'hello'
    assert s3.get_object(Bucket='acme', Key='a b/c+d.raw', Range='bytes=1-2')['Body'].read() == b'el'
    big = os.path.join(FOLDER, 'big')
    with open(big, 'wb') as file:
        file.write(os.urandom(20_000_000))
    s3.upload_file(big, 'acme', 'big', ExtraArgs={'ServerSideEncryption': 'AES256'})
    assert s3.head_object(Bucket='acme', Key='big')['ETag'].endswith('-3"')
    s3.download_file('acme', 'big', big + '2')
    with open(big, 'rb') as one, open(big + '2', 'rb') as two:
        assert one.read() == two.read()
    assert [one['Key'] for one in s3.list_objects_v2(Bucket='acme')['Contents']] == ['a b/c+d.raw', 'big']
    refused('BucketNotEmpty', None, s3.delete_bucket, Bucket='acme')
    for key in ('a b/c+d.raw', 'big'):
        s3.delete_object(Bucket='acme', Key=key)
    refused('NoSuchKey', None, s3.get_object, Bucket='acme', Key='big')
    s3.delete_bucket(Bucket='acme')
    refused('NoSuchBucket', None, s3.list_objects_v2, Bucket='acme')


def try_kms():
    key = kms.create_key(Description='golden')['KeyMetadata']['Arn']
    kms.create_alias(AliasName='alias/golden', TargetKeyId=key)
    assert kms.describe_key(KeyId='alias/golden')['KeyMetadata']['Arn'] == key
    blob = kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=32)['CiphertextBlob']
    assert kms.decrypt(CiphertextBlob=blob)['KeyId'] == key
    kms.create_grant(KeyId=key, GranteePrincipal='arn:aws:iam::123456789012:user/x', Operations=['Decrypt'])
    names = {one['AliasName'] for one in kms.list_aliases()['Aliases']}
    assert names == {'alias/aws/ebs', 'alias/golden'}, names
    kms.disable_key(KeyId=key)
    refused('DisabledException', None, kms.decrypt, CiphertextBlob=blob)
    refused('ValidationException', 'INVALID_CUSTOMER_KEY', ebs.start_snapshot, VolumeSize=1, Encrypted=True, KmsKeyArn=key)
    return key


def try_copies(snapshot, key):
    request = {'SourceRegion': 'eu-west-1', 'SourceSnapshotId': snapshot, 'Encrypted': True}
    elsewhere = client('ec2', 'us-east-1')
    # Keys are of a region, and AWS says so late: the copy fails.
    for where, name in ((ec2, key), (elsewhere, key), (ec2, 'arn:aws:kms:us-east-1:123456789012:alias/x')):
        copy = where.copy_snapshot(KmsKeyId=name, **request)['SnapshotId']
        try:
            wait(copy, where)
        except WaiterError as error:
            found = error.last_response['Snapshots'][0]
            assert (found['State'], found['StateMessage']) == ('error', 'Given key ID is not accessible'), found
        else:
            raise AssertionError(f'a copy with {name} was made')
    wait(elsewhere.copy_snapshot(KmsKeyId='alias/there', **request)['SnapshotId'], elsewhere)


made = try_ebs()
print('ebs')
try_s3()
print('s3')
disabled = try_kms()
print('kms')
try_copies(made, disabled)
print('encrypted copies')
