export default {
  title: 'Sign in', heading: 'Welcome to Hongyan', lead: 'Sign in with an API key.', expired: 'The key is no longer valid, or was taken back. Sign in again to go on where you were.',
  poem: 'Wild geese carry letters home: one address for every message.',
  key: 'API key', show: 'Show the key', hide: 'Hide the key', help: 'The first key was printed by', remember: 'Remember on this device', rememberText: 'Otherwise it is forgotten when the tab is closed.',
  enter: 'Sign in', lost: 'No key at hand? Make one where the server runs:', missingKey: 'Paste a key first.', wrong: 'The server does not know this key. Check that it was copied whole and has not been revoked.',
  offline: 'The server cannot be reached. Is it running?', failed: 'Signing in did not work: {detail}',
  missing: { title: 'There is no such page', text: 'The address may be mistyped, or belong to another version.', home: 'Go to the overview' },
}
