import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';

/** Shows the OpenAPI document of the worker that serves this page. Readers can make calls from it. */
SwaggerUI({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // The page makes no requests to other hosts.
  validatorUrl: null,
});
