{{%AUTOESCAPE context="HTML"}}<!DOCTYPE html>
<html lang="{{LANG}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>{{TITLE}} · {{T_desk}}</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/desk.css">
<script src="/static/desk.js" defer></script>
</head>
<body>
<a class="skip" href="#main">{{T_skip}}</a>
<header class="top">
<a class="brand" href="/"><img src="/static/icon.svg" alt="" width="28" height="28"><span>{{T_desk}}</span></a>
{{#WHO}}
<nav aria-label="{{T_nav}}">
<ul>
{{#REVIEWER}}
<li><a href="/held"{{#AT_HELD}} aria-current="page"{{/AT_HELD}}>{{T_nav_held}}</a></li>
<li><a href="/overview"{{#AT_OVERVIEW}} aria-current="page"{{/AT_OVERVIEW}}>{{T_nav_overview}}</a></li>
{{/REVIEWER}}
{{#RECIPIENT}}
<li><a href="/mine"{{#AT_MINE}} aria-current="page"{{/AT_MINE}}>{{T_nav_mine}}</a></li>
{{/RECIPIENT}}
</ul>
</nav>
<form class="out" method="post" action="/logout">
<input type="hidden" name="csrf" value="{{CSRF}}">
<span class="who"><span class="visually-hidden">{{T_logged_in_as}} </span><bdi id="who">{{WHO}}</bdi></span>
<button type="submit" class="quiet">{{T_logout}}</button>
</form>
{{/WHO}}
</header>
<main id="main" tabindex="-1">
{{>BODY}}
</main>
<footer class="foot"><p>{{T_footer}}</p></footer>
{{#WHO}}
<dialog id="help" aria-labelledby="help-title">
<h2 id="help-title">{{T_keys_title}}</h2>
<dl class="keys">
<div><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>{{T_keys_move}}</dd></div>
<div><dt><kbd>x</kbd></dt><dd>{{T_keys_choose}}</dd></div>
<div><dt><kbd>o</kbd> <kbd>Enter</kbd></dt><dd>{{T_keys_open}}</dd></div>
<div><dt><kbd>r</kbd></dt><dd>{{T_keys_release}}</dd></div>
<div><dt><kbd>u</kbd></dt><dd>{{T_keys_back}}</dd></div>
<div><dt><kbd>?</kbd></dt><dd>{{T_keys_help}}</dd></div>
</dl>
<form method="dialog"><button type="submit">{{T_close}}</button></form>
</dialog>
{{/WHO}}
</body>
</html>
