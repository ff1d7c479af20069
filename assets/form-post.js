// Sends an authorization response to its client. Without script, the button does.
HTMLFormElement.prototype.submit.call(document.getElementById("form-post"));
