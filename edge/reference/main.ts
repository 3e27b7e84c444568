import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';

/** Shows the document of the worker that serves this page; calls can be made from it. */
SwaggerUI({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // No host but this one is asked for anything.
  validatorUrl: null,
});
