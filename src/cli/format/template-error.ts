/** Error in parsing or evaluating a template, worded as in Go's text/template. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateError';
  }
}
