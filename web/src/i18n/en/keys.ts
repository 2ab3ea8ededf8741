export default {
  title: 'API keys', subtitle: 'Each application its own, with as few rights as will do.', add: 'Make a key', name: 'Name', prefix: 'Begins with', scopes: 'May', tenant: 'Tenant', state: 'State', used: 'Last used', expires: 'Expires', actions: 'Actions', rotate: 'Rotate', revoke: 'Revoke',
  scope: { send: 'send messages', read: 'read messages and statistics', manage: 'change templates, limits, dead letters', admin: 'everything, keys and accounts too' }, once: 'This is the key “{name}”. It is shown only now: keep it safe.',
  rotateTitle: 'Rotate {name}?', rotateNew: 'A new key with the same rights is made and shown once.', rotateOld: 'The old one works {hours} more hours, then it ends.', revokeTitle: 'Revoke {name}?', revokeText: 'Whoever uses it is refused from now on. This cannot be undone.', revokeOwn: 'You are signed in with this key: you will be signed out.',
}
