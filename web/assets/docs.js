// Swagger UI on this server's own description. It asks nobody else: the validator badge is off.
import {start_language} from './language.js';

start_language();
window.SwaggerUIBundle({
  url: '/openapi.json',
  domNode: document.getElementById('swagger'),
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: true,
  requestSnippetsEnabled: true,
  syntaxHighlight: {activated: true, theme: 'agate'},
  tryItOutEnabled: true,
  validatorUrl: null,
});
