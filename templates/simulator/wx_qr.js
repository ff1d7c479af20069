// Asks how the QR code stands, as the vendor's page does, and goes to the app with the code.
(function () {
  "use strict";
  var page = document.getElementById("qr-page");
  var words = document.getElementById("qr-status");
  var uuid = page.dataset.uuid;

  function go(code) {
    var target = page.dataset.redirect;
    target += (target.indexOf("?") < 0 ? "?" : "&") + "code=" + encodeURIComponent(code) +
      "&state=" + encodeURIComponent(page.dataset.state);
    var own = page.dataset.self;
    if (own === "true") { window.location = target; return; }
    if (own === "false") { window.top.location = target; return; }
    try { window.top.location = target; } catch (refused) { window.location = target; }
  }

  function poll(last) {
    var request = new XMLHttpRequest();
    request.open("GET", "/wx/lp/connect/l/qrconnect?uuid=" + uuid + "&_=" + Date.now() + (last ? "&last=" + last : ""));
    request.timeout = 60000;
    request.onload = function () {
      var found = /window\.wx_errcode=(\d+);window\.wx_code='([^']*)'/.exec(request.responseText);
      heard(found ? Number(found[1]) : 500, found ? found[2] : "");
    };
    request.onerror = request.ontimeout = function () { window.setTimeout(poll, 2000); };
    request.send();
  }

  function heard(errcode, code) {
    if (errcode === 405 && code) { words.textContent = page.dataset.done; go(code); }
    else if (errcode === 404) { words.textContent = page.dataset.scanned; window.setTimeout(function () { poll("404"); }, 100); }
    else if (errcode === 403) { words.textContent = page.dataset.refused; window.setTimeout(poll, 2000); }
    else if (errcode === 402 || errcode === 500) { window.location.reload(); }
    else { window.setTimeout(poll, 2000); }
  }

  // In a sandboxed frame forms do nothing, so the buttons post by script.
  Array.prototype.forEach.call(document.querySelectorAll("button[data-action]"), function (button) {
    button.addEventListener("click", function (event) {
      event.preventDefault();
      var form = new URLSearchParams();
      form.set("uuid", uuid);
      form.set("user", button.dataset.user || "");
      form.set("action", button.dataset.action);
      window.fetch("/wx/open/connect/confirm", { method: "POST", body: form, redirect: "manual" });
    });
  });

  poll();
})();
