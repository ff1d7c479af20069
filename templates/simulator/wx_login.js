// The embedding script of the simulated WeChat: same class, same options, same frame as the vendor's.
(function (window, document) {
  "use strict";
  function WxLogin(options) {
    var redirect = "default";
    if (options.self_redirect === true) redirect = "true";
    if (options.self_redirect === false) redirect = "false";
    // redirect_uri comes in encoded, as with the vendor's script.
    var src = "__ORIGIN__/wx/open/connect/qrconnect?appid=" + options.appid + "&scope=" + options.scope +
      "&redirect_uri=" + options.redirect_uri + "&state=" + (options.state || "") +
      "&response_type=code&login_type=jssdk&self_redirect=" + redirect +
      "&styletype=" + (options.styletype || "") + "&sizetype=" + (options.sizetype || "") +
      "&bgcolor=" + (options.bgcolor || "") + "&rst=" + (options.rst || "");
    if (options.style) src += "&style=" + options.style;
    if (options.href) src += "&href=" + options.href;
    var frame = document.createElement("iframe");
    frame.src = src;
    frame.frameBorder = "0";
    frame.allowTransparency = "true";
    frame.scrolling = "no";
    frame.width = "300px";
    frame.height = "400px";
    var holder = document.getElementById(options.id);
    holder.innerHTML = "";
    holder.appendChild(frame);
  }
  window.WxLogin = WxLogin;
})(window, document);
