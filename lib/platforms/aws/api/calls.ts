import type * as ec2 from '@aws-sdk/client-ec2';
import type * as secretsmanager from '@aws-sdk/client-secrets-manager';
import type * as ssm from '@aws-sdk/client-ssm';
import type * as sts from '@aws-sdk/client-sts';
import type * as iam from '@aws-sdk/client-iam';

/** What a call takes and answers. */
interface Call<In, Out> {
  readonly input: In;
  readonly output: Out;
}

/** Every call that goldsmith makes of AWS, by service and name: nothing else of the SDK is used. */
export interface Calls {
  'ec2:DescribeImages': Call<ec2.DescribeImagesCommandInput, ec2.DescribeImagesCommandOutput>;
  'ec2:DescribeInstances': Call<ec2.DescribeInstancesCommandInput, ec2.DescribeInstancesCommandOutput>;
  'ec2:DescribeSnapshots': Call<ec2.DescribeSnapshotsCommandInput, ec2.DescribeSnapshotsCommandOutput>;
  'ec2:DescribeRegions': Call<ec2.DescribeRegionsCommandInput, ec2.DescribeRegionsCommandOutput>;
  'ec2:DescribeInstanceTypes': Call<ec2.DescribeInstanceTypesCommandInput, ec2.DescribeInstanceTypesCommandOutput>;
  'ec2:DescribeVpcs': Call<ec2.DescribeVpcsCommandInput, ec2.DescribeVpcsCommandOutput>;
  'ec2:DescribeSubnets': Call<ec2.DescribeSubnetsCommandInput, ec2.DescribeSubnetsCommandOutput>;
  'ec2:DescribeSecurityGroups': Call<ec2.DescribeSecurityGroupsCommandInput, ec2.DescribeSecurityGroupsCommandOutput>;
  'ec2:DescribeKeyPairs': Call<ec2.DescribeKeyPairsCommandInput, ec2.DescribeKeyPairsCommandOutput>;
  'ec2:ImportKeyPair': Call<ec2.ImportKeyPairCommandInput, ec2.ImportKeyPairCommandOutput>;
  'ec2:DeleteKeyPair': Call<ec2.DeleteKeyPairCommandInput, ec2.DeleteKeyPairCommandOutput>;
  'ec2:CreateSecurityGroup': Call<ec2.CreateSecurityGroupCommandInput, ec2.CreateSecurityGroupCommandOutput>;
  'ec2:AuthorizeSecurityGroupIngress': Call<
    ec2.AuthorizeSecurityGroupIngressCommandInput,
    ec2.AuthorizeSecurityGroupIngressCommandOutput
  >;
  'ec2:DeleteSecurityGroup': Call<ec2.DeleteSecurityGroupCommandInput, ec2.DeleteSecurityGroupCommandOutput>;
  'ec2:RunInstances': Call<ec2.RunInstancesCommandInput, ec2.RunInstancesCommandOutput>;
  'ec2:CreateLaunchTemplate': Call<ec2.CreateLaunchTemplateCommandInput, ec2.CreateLaunchTemplateCommandOutput>;
  'ec2:DeleteLaunchTemplate': Call<ec2.DeleteLaunchTemplateCommandInput, ec2.DeleteLaunchTemplateCommandOutput>;
  'ec2:DescribeLaunchTemplates': Call<
    ec2.DescribeLaunchTemplatesCommandInput,
    ec2.DescribeLaunchTemplatesCommandOutput
  >;
  'ec2:CreateFleet': Call<ec2.CreateFleetCommandInput, ec2.CreateFleetCommandOutput>;
  'ec2:DescribeFastLaunchImages': Call<
    ec2.DescribeFastLaunchImagesCommandInput,
    ec2.DescribeFastLaunchImagesCommandOutput
  >;
  'ec2:StopInstances': Call<ec2.StopInstancesCommandInput, ec2.StopInstancesCommandOutput>;
  'ec2:TerminateInstances': Call<ec2.TerminateInstancesCommandInput, ec2.TerminateInstancesCommandOutput>;
  'ec2:ModifyInstanceAttribute': Call<
    ec2.ModifyInstanceAttributeCommandInput,
    ec2.ModifyInstanceAttributeCommandOutput
  >;
  'ec2:GetConsoleOutput': Call<ec2.GetConsoleOutputCommandInput, ec2.GetConsoleOutputCommandOutput>;
  'ec2:GetPasswordData': Call<ec2.GetPasswordDataCommandInput, ec2.GetPasswordDataCommandOutput>;
  'ec2:CreateImage': Call<ec2.CreateImageCommandInput, ec2.CreateImageCommandOutput>;
  'ec2:CopyImage': Call<ec2.CopyImageCommandInput, ec2.CopyImageCommandOutput>;
  'ec2:DeregisterImage': Call<ec2.DeregisterImageCommandInput, ec2.DeregisterImageCommandOutput>;
  'ec2:DeleteSnapshot': Call<ec2.DeleteSnapshotCommandInput, ec2.DeleteSnapshotCommandOutput>;
  'ec2:ModifyImageAttribute': Call<ec2.ModifyImageAttributeCommandInput, ec2.ModifyImageAttributeCommandOutput>;
  'ec2:ModifySnapshotAttribute': Call<
    ec2.ModifySnapshotAttributeCommandInput,
    ec2.ModifySnapshotAttributeCommandOutput
  >;
  'ec2:CreateTags': Call<ec2.CreateTagsCommandInput, ec2.CreateTagsCommandOutput>;
  'ec2:EnableImageDeprecation': Call<ec2.EnableImageDeprecationCommandInput, ec2.EnableImageDeprecationCommandOutput>;
  'ec2:EnableImageDeregistrationProtection': Call<
    ec2.EnableImageDeregistrationProtectionCommandInput,
    ec2.EnableImageDeregistrationProtectionCommandOutput
  >;
  'ec2:DisableImageDeregistrationProtection': Call<
    ec2.DisableImageDeregistrationProtectionCommandInput,
    ec2.DisableImageDeregistrationProtectionCommandOutput
  >;
  'ec2:EnableFastLaunch': Call<ec2.EnableFastLaunchCommandInput, ec2.EnableFastLaunchCommandOutput>;
  'ssm:GetParameter': Call<ssm.GetParameterCommandInput, ssm.GetParameterCommandOutput>;
  'ssm:PutParameter': Call<ssm.PutParameterCommandInput, ssm.PutParameterCommandOutput>;
  'secretsmanager:GetSecretValue': Call<
    secretsmanager.GetSecretValueCommandInput,
    secretsmanager.GetSecretValueCommandOutput
  >;
  'secretsmanager:DescribeSecret': Call<
    secretsmanager.DescribeSecretCommandInput,
    secretsmanager.DescribeSecretCommandOutput
  >;
  'sts:GetCallerIdentity': Call<sts.GetCallerIdentityCommandInput, sts.GetCallerIdentityCommandOutput>;
  'sts:DecodeAuthorizationMessage': Call<
    sts.DecodeAuthorizationMessageCommandInput,
    sts.DecodeAuthorizationMessageCommandOutput
  >;
  'iam:GetInstanceProfile': Call<iam.GetInstanceProfileCommandInput, iam.GetInstanceProfileCommandOutput>;
  'iam:ListInstanceProfiles': Call<iam.ListInstanceProfilesCommandInput, iam.ListInstanceProfilesCommandOutput>;
  'iam:ListRoles': Call<iam.ListRolesCommandInput, iam.ListRolesCommandOutput>;
  'iam:GetRole': Call<iam.GetRoleCommandInput, iam.GetRoleCommandOutput>;
  'iam:CreateRole': Call<iam.CreateRoleCommandInput, iam.CreateRoleCommandOutput>;
  'iam:PutRolePolicy': Call<iam.PutRolePolicyCommandInput, iam.PutRolePolicyCommandOutput>;
  'iam:CreateInstanceProfile': Call<iam.CreateInstanceProfileCommandInput, iam.CreateInstanceProfileCommandOutput>;
  'iam:AddRoleToInstanceProfile': Call<
    iam.AddRoleToInstanceProfileCommandInput,
    iam.AddRoleToInstanceProfileCommandOutput
  >;
  'iam:RemoveRoleFromInstanceProfile': Call<
    iam.RemoveRoleFromInstanceProfileCommandInput,
    iam.RemoveRoleFromInstanceProfileCommandOutput
  >;
  'iam:DeleteInstanceProfile': Call<iam.DeleteInstanceProfileCommandInput, iam.DeleteInstanceProfileCommandOutput>;
  'iam:DeleteRolePolicy': Call<iam.DeleteRolePolicyCommandInput, iam.DeleteRolePolicyCommandOutput>;
  'iam:DeleteRole': Call<iam.DeleteRoleCommandInput, iam.DeleteRoleCommandOutput>;
}

/** Name of a call, such as `ec2:RunInstances`. */
export type CallName = keyof Calls;
/** What a call takes. */
export type Input<K extends CallName> = Calls[K]['input'];
/** What a call answers. */
export type Output<K extends CallName> = Calls[K]['output'];
/** A service of AWS, as IAM's actions call it. */
export type Service = 'ec2' | 'ssm' | 'sts' | 'iam' | 'secretsmanager';
