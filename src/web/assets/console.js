// Draws the API's document with Swagger UI. Nothing is sent before somebody presses the button.
window.addEventListener('DOMContentLoaded', () => {
  'use strict';
  SwaggerUIBundle({
    url: '/api/v1/openapi.json', dom_id: '#console', presets: [SwaggerUIBundle.presets.apis],
    docExpansion: 'none', defaultModelsExpandDepth: -1, filter: true, validatorUrl: null,
    persistAuthorization: false, syntaxHighlight: { activated: false }, tagsSorter: 'alpha',
    // The page has a main part already.
    onComplete: () => document.querySelectorAll('#console main').forEach((part) => part.setAttribute('role', 'group')),
  });
});
