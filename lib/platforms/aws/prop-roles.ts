/** Who builds and how it is reached shows nowhere in what is built. */
export const PASSIVE_ACCESS = [
  'accessKey',
  'secretKey',
  'token',
  'profile',
  'sharedCredentialsFile',
  'mfaCode',
  'maxRetries',
  'insecureSkipTlsVerify',
  'skipCredentialValidation',
  'skipMetadataApiCheck',
  'decodeAuthorizationMessages',
  'awsPolling',
  'assumeRole',
  'skipRegionValidation',
  'forceDeregister',
  'forceDeleteSnapshot',
] as const;

/** The same of the build's instance. */
export const PASSIVE_RUN = [
  'skipProfileValidation',
  'windowsPasswordTimeout',
  'addressTimeout',
  'temporaryKeyPairName',
  'temporarySecurityGroupSourceCidrs',
  'temporarySecurityGroupSourcePublicIp',
  'sshInterface',
  'spotTags',
  'spotPrice',
  'spotFallback',
  'spotAllocationStrategy',
  'fleetTags',
  'vpcId',
  'vpcFilter',
  'subnetId',
  'subnetFilter',
  'securityGroupId',
  'securityGroupIds',
  'securityGroupFilter',
  'associatePublicIpAddress',
  'availabilityZone',
  'placement',
  'capacityReservationPreference',
  'capacityReservationId',
  'capacityReservationGroupArn',
  'sshKeypairName',
  'runVolumeTags',
] as const;

/** What is said of an image when it is made already. */
export const PUBLISH = [
  'amiRegions',
  'amiCopyAccounts',
  'regionKmsKeyIds',
  'snapshotCopyDurationMinutes',
  'amiUsers',
  'amiGroups',
  'amiOrgArns',
  'amiOuArns',
  'amiProductCodes',
  'snapshotUsers',
  'snapshotGroups',
  'tags',
  'snapshotTags',
  'deprecateAt',
  'deregistrationProtection',
  'fastLaunch',
  'ssmParameter',
] as const;

/** Where a name of an image counts. */
export const NAME_PLACE = ['region', 'profile', 'accessKey', 'assumeRole', 'customEndpointEc2'] as const;
