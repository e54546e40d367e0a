/** A template that cannot be read, or cannot be carried out; worded as Go's text/template does. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateError';
  }
}
