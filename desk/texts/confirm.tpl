{{%AUTOESCAPE context="HTML"}}<div class="narrow">
<h1>{{T_confirm_title}}</h1>
<form id="act" class="card stack" method="post" action="/act">
<input type="hidden" name="csrf" value="{{CSRF}}">
<input type="hidden" name="confirm" value="yes">
<input type="hidden" name="back" value="{{BACK}}">
<input type="hidden" name="reason" value="{{GIVEN_REASON}}">
<p>{{CONFIRM_TEXT}}</p>
<ul class="plain">
{{#ITEMS}}<li><code>{{ID}}</code> <bdi>{{USER}}</bdi><input type="hidden" name="item" value="{{ITEM}}"></li>
{{/ITEMS}}
</ul>
<div class="buttons">
<button type="submit" name="act" value="delete" class="danger">{{T_confirm_delete}}</button>
<a class="button" href="{{BACK}}">{{T_cancel}}</a>
</div>
</form>
</div>
