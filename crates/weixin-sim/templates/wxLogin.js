// Shows the QR page in a frame: new WxLogin({ id, appid, scope, redirect_uri, state, … }).
// The simulator's own script; its server also serves the QR page.
(function (window, document) {
  "use strict";

  var origin = new URL(document.currentScript.src).origin;

  // Does not encode values, like WeChat's script: the site encodes redirect_uri.
  function loginUrl(options) {
    var selfRedirect = options.self_redirect;
    var parameters = [
      ["appid", options.appid],
      ["scope", options.scope],
      ["redirect_uri", options.redirect_uri],
      ["state", options.state],
      ["login_type", "jssdk"],
      ["self_redirect", selfRedirect === true || selfRedirect === false ? selfRedirect : "default"],
      ["styletype", options.styletype || ""],
      ["sizetype", options.sizetype || ""],
      ["bgcolor", options.bgcolor || ""],
      ["rst", options.rst || ""]
    ];
    if (options.style) { parameters.push(["style", options.style]); }
    if (options.href) { parameters.push(["href", options.href]); }
    if (options.lang === "en") { parameters.push(["lang", "en"]); }
    if (options.stylelite === 1) { parameters.push(["stylelite", 1]); }
    if (options.fast_login === 0) { parameters.push(["fast_login", 0]); }
    var query = parameters.map(function (pair) { return pair[0] + "=" + pair[1]; }).join("&");
    return origin + "/connect/qrconnect?" + query;
  }

  window.WxLogin = function (options) {
    var frame = document.createElement("iframe");
    frame.src = loginUrl(options);
    frame.frameBorder = "0";
    frame.allowTransparency = "true";
    frame.scrolling = "no";
    frame.width = "300px";
    frame.height = "400px";
    var container = document.getElementById(options.id);
    container.innerHTML = "";
    container.appendChild(frame);
  };
})(window, document);
