/** The account that the suite is given. The local cloud has no passwords. */
export const secretId = 'local';
export const secretKey = 'local';
export const env = 'emu-env';
export const credentials = { private_key_id: 'local', private_key: 'local' };
export default { secretId, secretKey, env, credentials };
