export default { title: '监控大屏' }
