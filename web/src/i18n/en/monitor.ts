export default { title: 'Monitor' }
