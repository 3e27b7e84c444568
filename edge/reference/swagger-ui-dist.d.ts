declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  /** Draws a document into an element of the page. */
  export default function SwaggerUI(options: {
    url: string;
    dom_id: string;
    deepLinking: boolean;
    displayRequestDuration: boolean;
    tryItOutEnabled: boolean;
    validatorUrl: null;
  }): unknown;
}
